/** Where a model's files lie and how they are run: from the model's registry entry, else from the app's options. */
import { checksumsOf, unescaped } from '../../engine/checksums.ts'
import type { ModelInfo } from '../../wire.ts'
import type { WasmPaths } from './peer.ts'

export const ENGINE_NAME = 'onnx'

/** The npm packages, by the name that this adapter gives each. */
export const PACKAGES = {
  ort: 'onnxruntime-web',
  tokenizers: '@huggingface/tokenizers',
  jinja: '@huggingface/jinja',
} as const

/** URLs of the packages' ES modules. */
export type ModuleURLs = Record<keyof typeof PACKAGES, string>

/** What the worker is told to load. Cloneable; URLs are absolute. */
export interface HostConfig extends ModelSource {
  /** Absent when the worker was bundled with the packages. */
  moduleURLs?: ModuleURLs
  wasmPaths?: string | WasmPaths
  numThreads?: number
}

/** The part of it that names the model. */
export interface ModelSource {
  graphURL: string
  /** Folder of the tokenizer and of the configuration, with its slash. */
  filesURL: string
  device: string
}

/** The files of a model beside its graph that it can't do without. */
export const REQUIRED = ['config.json', 'tokenizer.json', 'tokenizer_config.json'] as const

/**
 * `source` of the registry: `url` of the graph, `filesURL` of the folder with the other files, `device`. The first two
 * may be relative to `base`. Undefined when there is no `url`.
 */
export function sourceOf(model: ModelInfo, base: string, device = 'wasm'): ModelSource | undefined {
  const source = model.source ?? {}
  if (!source.url) return undefined
  const graph = new URL(source.url, base)
  // As hubs lay a model out: the graphs in a folder `onnx`, the rest above it.
  const files = source.filesURL ? new URL(folder(source.filesURL), base) : new URL(isInOnnx(graph) ? '..' : '.', graph)
  return { graphURL: graph.href, filesURL: files.href, device: source.device ?? device }
}

function isInOnnx({ pathname }: URL): boolean {
  return /\/onnx\/[^/]*$/.test(pathname)
}

/** A folder's URL, with its slash. */
export function folder(url: string): string {
  return url.endsWith('/') ? url : `${url}/`
}

/** Whether a graph's name says that it computes with half floats, which a GPU must be able to. */
export function needsHalfFloats(graphURL: string): boolean {
  return /fp?16\.onnx$/.test(new URL(graphURL).pathname)
}

/** The cache of files by their URLs, whole and marked. A new version of what is stored gets a new name. */
export const CACHE_NAME = 'edgewise-onnx-v1'

/** What the registry says that the file must hash to; the entry names it with its folders, or without. "" = nothing. */
export function checksumsAt(info: ModelInfo, { filesURL }: ModelSource, url: string): string {
  const { pathname } = new URL(url)
  const root = new URL(filesURL).pathname
  return checksumsOf(info, unescaped(pathname.startsWith(root) ? pathname.slice(root.length) : pathname))
}
