import { hasErrorName } from './edgewise-error.ts'
import { EngineError } from './engine-error.ts'

/** The engine's npm package, an optional peer dependency, could not be imported. The message names the npm command. */
export class EngineNotInstalledError extends EngineError {
  override readonly name = 'EngineNotInstalledError'
  /** The npm package that is missing. */
  readonly packageName: string

  constructor(packageName: string, cause?: unknown) {
    super(
      `${packageName} could not be imported. Install it with "npm install ${packageName}"; in a page without a bundler, pass the URL of its ES module as moduleURL.`,
      { stage: 'load', code: 'not_installed', cause },
    )
    this.packageName = packageName
  }
}

export function isEngineNotInstalledError(error: unknown): error is EngineNotInstalledError {
  return hasErrorName(error, 'EngineNotInstalledError')
}
