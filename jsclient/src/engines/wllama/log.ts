/**
 * What llama.cpp and the package's worker say while they work. The package passes on hardly any reason for a failure, but
 * whoever brings the logger hears them all.
 */
import type { Logger } from './peer.ts'

export interface Log {
  readonly logger: Logger
  /** llama.cpp's errors since the last `clear`. */
  readonly errors: readonly string[]
  /** Whether WebGPU was asked for and not to be had in the worker. */
  readonly gpuFailed: boolean
  /** Whether the last failure came out of WebAssembly itself, which then is in no state to go on. */
  readonly trapped: boolean
  clear(): void
}

/** `onCrash` hears when the worker or WebAssembly in it is done for. */
export function createLog(onCrash: (message: string) => void): Log {
  let errors: string[] = []
  let gpuFailed = false
  let trapped = false
  return {
    get errors() {
      return errors
    },
    get gpuFailed() {
      return gpuFailed
    },
    get trapped() {
      return trapped
    },
    clear() {
      errors = []
      trapped = false
    },
    logger: {
      debug() {},
      log(what) {
        const text = String(what)
        gpuFailed ||= text.startsWith('ggml_webgpu: Failed')
        // Of a wasm file that is none, this is the only sign.
        if (text.startsWith('Aborted(')) onCrash(text)
      },
      warn() {},
      error(what, ...more) {
        if (what instanceof Event) onCrash(`Worker error: ${(what as Partial<ErrorEvent>).message ?? ''}`)
        // What the worker's own code throws when llama.cpp refused a request is a RangeError; a trap is a RuntimeError.
        else if (what instanceof Error) trapped = !(what instanceof RangeError)
        // A line of llama.cpp's comes alone.
        else if (more.length === 0 && !String(what).startsWith('Stack trace')) errors.push(String(what))
      },
    },
  }
}
