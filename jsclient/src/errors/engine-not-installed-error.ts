import { guardOf } from './edgewise-error.ts'
import { EngineError } from './engine-error.ts'

/** The engine's npm package, an optional peer dependency, could not be imported. The message names the npm command. */
export class EngineNotInstalledError extends EngineError {
  override readonly name = 'EngineNotInstalledError'
  /** The npm package that is missing; several with spaces between, as `npm install` takes them. */
  readonly packageName: string

  constructor(packageName: string, cause?: unknown) {
    super(`${packageName} could not be imported. Run "npm install ${packageName}", or pass its URL as moduleURL.`, {
      stage: 'load',
      code: 'not_installed',
      cause,
    })
    this.packageName = packageName
  }
}

/** Whether an error is an `EngineNotInstalledError`, of whichever copy of this package. */
export const isEngineNotInstalledError = guardOf<EngineNotInstalledError>('EngineNotInstalledError')
