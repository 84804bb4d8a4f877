/** Where a model's files lie and how they are run: from the model's registry entry, else from the app's options. */
import type { ModelInfo } from '../../wire.ts'
import type { WasmPaths } from './peer.ts'

export const ENGINE_NAME = 'transformers.js'
export const PACKAGE_NAME = '@huggingface/transformers'

/** The cache that Transformers.js and we keep files in. */
export const CACHE_NAME = 'transformers-cache'

/** What the worker is told to load. Cloneable. */
export interface HostConfig {
  /** URL of the package's ES module; absent when the worker was bundled with it. */
  moduleURL?: string
  wasmPaths: string | WasmPaths
  modelBaseURL: string
  numThreads?: number
  wasmCache: boolean
  modelId: string
  revision: string
  device: string
  dtype: string
}

/** The part of it that names the model. */
export type ModelSource = Pick<HostConfig, 'modelId' | 'revision' | 'device' | 'dtype'>

/** `source` of the registry wins over the app's defaults, which win over ours: WebAssembly, 8 bit. */
export function sourceOf(model: ModelInfo, defaults: { device?: string; dtype?: string }): ModelSource {
  const source = model.source ?? {}
  return {
    modelId: source.modelId ?? model.id,
    revision: source.revision ?? 'main',
    device: source.device ?? defaults.device ?? 'wasm',
    dtype: source.dtype ?? defaults.dtype ?? 'q8',
  }
}

/** File name suffixes of the quantizations, as Transformers.js spells them. */
const DTYPE_SUFFIX: Record<string, string> = {
  fp32: '',
  fp16: '_fp16',
  int8: '_int8',
  uint8: '_uint8',
  q8: '_quantized',
  q4: '_q4',
  q2: '_q2',
  q1: '_q1',
  q4f16: '_q4f16',
  q2f16: '_q2f16',
  q1f16: '_q1f16',
  bnb4: '_bnb4',
}

/** The graph's file for a quantization; undefined when the name is unknown. */
export function graphFile(dtype: string): string | undefined {
  const suffix = DTYPE_SUFFIX[dtype]
  return suffix === undefined ? undefined : `onnx/model${suffix}.onnx`
}

/** Whether the weights hold half floats, which a GPU must be able to compute with. */
export function needsHalfFloats(dtype: string): boolean {
  return dtype.endsWith('f16') || dtype === 'fp16'
}
