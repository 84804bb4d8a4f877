/** Pages of other origins have neither WebGPU nor a store that outlives them: a model would be downloaded at each visit. */
import { EngineError } from '../errors/engine-error.ts'

/** Whether the page is of an origin that is not secure: not https, nor localhost. */
export function isInsecure(): boolean {
  return globalThis.isSecureContext === false
}

/** Throws `insecure_context`. */
export function requireSecureContext(engine: string): void {
  if (!isInsecure()) return
  const message = `${engine} needs a secure origin: serve the page by https, or from localhost`
  throw new EngineError(message, { stage: 'load', code: 'insecure_context' })
}
