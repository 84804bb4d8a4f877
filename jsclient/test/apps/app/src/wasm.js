/** Files of the engines' packages: every bundler copies what is named like this, and gives it a URL. */
// snippet:begin
export const onnxRuntime = {
  mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.mjs', import.meta.url).href,
  wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url).href,
}
export const llamaCpp = new URL('@wllama/wllama/esm/wasm/wllama.wasm', import.meta.url).href
// snippet:end
