import type { DeviceFacts } from '../../engine/webgpu.ts'

/**
 * The part of `@huggingface/transformers` (4.3) that this adapter uses, written out so that neither our types nor our
 * pages need the package. A test against the real package keeps it true.
 */
export interface TransformersPeer {
  env: TransformersEnv
  AutoTokenizer: { from_pretrained(id: string, options: PretrainedOptions): Promise<Tokenizer> }
  AutoModelForCausalLM: { from_pretrained(id: string, options: ModelOptions): Promise<CausalModel> }
  InterruptableStoppingCriteria: new () => StoppingCriteria
  DynamicCache: new (entries: Record<string, KeyValueTensor>) => KeyValues
  random: { seed(seed?: number): void }
}

export interface TransformersEnv {
  fetch: (input: string | URL, init?: RequestInit) => Promise<Response>
  allowLocalModels: boolean
  allowRemoteModels: boolean
  remoteHost: string
  remotePathTemplate: string
  useCustomCache: boolean
  customCache: FileCache | null
  useWasmCache: boolean
  backends: {
    onnx: {
      wasm?: { wasmPaths?: string | WasmPaths; numThreads?: number }
      /** The device is there once a session runs on it. */
      webgpu?: { device?: DeviceFacts }
    }
  }
}

/** What the package keeps files in; it asks before it fetches, and offers every file that it fetched whole. */
export interface FileCache {
  match(url: string): Promise<Response | undefined>
  /** Failures are logged by the package and otherwise ignored. */
  put(url: string, response: Response): Promise<void>
}

/** URLs of ONNX Runtime's two files. */
export interface WasmPaths {
  mjs: string
  wasm: string
}

export interface PretrainedOptions {
  revision: string
  progress_callback: (info: ProgressInfo) => void
}

export interface ModelOptions extends PretrainedOptions {
  device: string
  dtype: string
}

export interface ProgressInfo {
  status: string
  file?: string
  loaded?: number
  total?: number
  files?: Record<string, { loaded: number; total: number }>
}

export interface Tokenizer {
  (text: string, options: { add_special_tokens: boolean }): TokenizedText
  apply_chat_template(
    messages: readonly { role: string; content: string }[],
    options: { tokenize: false; add_generation_prompt: boolean },
  ): string
  decode(ids: readonly bigint[], options: DecodeOptions): string
}

export interface DecodeOptions {
  skip_special_tokens: boolean
  clean_up_tokenization_spaces: boolean
}

export interface TokenizedText {
  input_ids: IdTensor
  attention_mask: IdTensor
}

/** 64 bit integers, one row a text. */
export interface IdTensor {
  data: BigInt64Array
  slice(rows: null, columns: [number, number]): IdTensor
}

/** Keys or values of one layer. */
export interface KeyValueTensor {
  location: string
  dispose(): unknown
}

/** Has its tensors as properties of its own, `past_key_values.0.key` and so on. */
export interface KeyValues {
  update(entries: Record<string, KeyValueTensor>): void
  /** Tokens in it. */
  get_seq_length(): number
}

export interface StoppingCriteria {
  interrupt(): void
}

export interface CausalModel {
  config: { eos_token_id?: number | number[] | null; max_position_embeddings?: number }
  generation_config?: GenerationConfig | null
  forward: (inputs: unknown) => Promise<unknown>
  generate(options: GenerateArguments): Promise<unknown>
  dispose(): Promise<unknown>
}

/** The model's `generation_config.json`. */
export interface GenerationConfig {
  eos_token_id?: number | number[] | null
  do_sample?: boolean | null
  temperature?: number | null
  top_k?: number | null
  top_p?: number | null
}

export interface GenerateArguments extends TokenizedText {
  max_new_tokens: number
  do_sample?: boolean
  temperature?: number
  top_k?: number
  /** It computes only the tokens that are not in it yet, and adds them. */
  past_key_values: KeyValues
  streamer?: { put(tokens: bigint[][]): void; end(): void }
  stopping_criteria: StoppingCriteria[]
  logits_processor?: ((ids: bigint[][], logits: Logits) => Logits)[]
}

export interface Logits {
  /** Scores of the next token, one batch row after another. */
  data: Float32Array
  dims: number[]
}
