import { EngineError } from '../errors/engine-error.ts'
import { EngineNotInstalledError } from '../errors/engine-not-installed-error.ts'

/** How Vite, webpack and browsers name a package that a module imports and that is not there. */
const MISSING =
  /(?:Could not resolve|Cannot find (?:module|package)|Failed to resolve module specifier) ["']((?:@[\w.-]+\/)?\w[\w.-]*)/

/** Why a worker did not start. `message` is all that is known, mostly its error event's: what its script threw, or nothing. */
export function notStarted(message: string): EngineError {
  const packageName = MISSING.exec(message)?.[1]
  if (packageName) return new EngineNotInstalledError(packageName, new Error(message))
  const text = `the engine's worker did not start: its script was not found, was blocked, or could not import the engine's npm package; look at the page's console and network log. ${message}`
  return new EngineError(text.trim(), { stage: 'load', code: 'worker_failed' })
}
