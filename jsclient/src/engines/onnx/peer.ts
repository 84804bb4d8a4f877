/**
 * The parts of `onnxruntime-web`, `@huggingface/tokenizers` and `@huggingface/jinja` that this adapter uses, written out
 * so that neither our types nor our pages need the packages. A test against the real ones keeps it true.
 */
export interface OnnxPeers {
  ort: OnnxRuntime
  Tokenizer: new (tokenizer: object, config: object) => Tokenizer
  Template: new (template: string) => { render(values: Record<string, unknown>): string }
}

export interface OnnxRuntime {
  env: {
    wasm: { wasmPaths?: string | WasmPaths; numThreads?: number }
    /** The device is known once a session runs on it. */
    webgpu: { readonly device: Promise<{ readonly lost: Promise<{ message: string; reason: string }> }> }
  }
  InferenceSession: { create(graph: Uint8Array, options: SessionOptions): Promise<Session> }
  Tensor: new (type: string, data: TensorData, dims: readonly number[]) => Tensor
}

/** URLs of ONNX Runtime's two files. */
export interface WasmPaths {
  mjs: string
  wasm: string
}

export interface SessionOptions {
  executionProviders: readonly string[]
  /** Where an output is left, by its name; "cpu" when it isn't named. */
  preferredOutputLocation: Record<string, 'cpu' | 'gpu-buffer'>
  /** Weights beside the graph, under the names by which it knows them. */
  externalData: { path: string; data: Uint8Array }[]
  logSeverityLevel: number
}

export interface Session {
  readonly inputMetadata: readonly ValueMetadata[]
  readonly outputNames: readonly string[]
  run(feeds: Record<string, Tensor>, outputs: readonly string[]): Promise<Record<string, Tensor>>
  release(): Promise<void>
}

export interface ValueMetadata {
  readonly name: string
  readonly type?: string
  /** A text where the size is free. */
  readonly shape?: readonly (number | string)[]
}

export interface Tensor {
  readonly type: string
  readonly dims: readonly number[]
  getData(): Promise<TensorData>
  dispose(): void
}

/** Half floats are a `Float16Array` where the browser has it, else their bits. */
export type TensorData = Float32Array | Uint16Array | BigInt64Array

export interface Tokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] }
  decode(ids: bigint[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string
}
