/**
 * `@edgewise/client/wllama`: models in GGUF format through llama.cpp, on WebAssembly or WebGPU, in a worker that the
 * package makes itself. Needs the npm package `@wllama/wllama` 3.8, an optional peer dependency, which is imported when
 * the first model is loaded.
 */
import type { Engine } from '../../engine/engine.ts'
import { createEngine } from './engine.ts'
import type { WllamaOptions } from './options.ts'

export { PEER_DEFAULT } from '../../engine/peer-default.ts'
export type { WllamaCompat, WllamaOptions } from './options.ts'

/**
 * Creates the engine; no side effects. Each load has a worker of its own, which `unload` terminates. Tools need a model
 * whose chat template knows them; a JSON Schema is honoured as far as llama.cpp's grammars go.
 */
export function wllama(options: WllamaOptions): Engine {
  return createEngine(options)
}
