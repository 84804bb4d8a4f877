// snippet:begin
export default {
  entry: './src/bundled.js',
  // No page fetches all of the engines' WebAssembly, of whose size webpack would warn.
  performance: false,
}
// snippet:end
