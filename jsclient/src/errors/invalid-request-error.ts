import { EdgewiseError, guardOf } from './edgewise-error.ts'

/** The caller passed options that can't work. A mistake in the program: trying again does not help. */
export class InvalidRequestError extends EdgewiseError {
  override readonly name = 'InvalidRequestError'
  /** Such as "invalid_value". */
  declare readonly code: string
  /** The option or field that is wrong. */
  readonly param: string | undefined

  constructor(message: string, options: { param?: string; code?: string; cause?: unknown } = {}) {
    super(message, { ...options, code: options.code ?? 'invalid_value' })
    this.param = options.param
  }
}

/** Whether an error is an `InvalidRequestError`, of whichever copy of this package. */
export const isInvalidRequestError = guardOf<InvalidRequestError>('InvalidRequestError')
