/** Marks our errors across realms and across two copies of this package, where `instanceof` fails. */
const brand = Symbol.for('edgewise.error')

/** Options of {@link EdgewiseError}. */
export interface EdgewiseErrorOptions {
  /** Machine-readable kind, or null when a server gave none. */
  code: string | null
  /** What went wrong underneath. */
  cause?: unknown
}

/**
 * Base of every error that this package throws, except aborts: an aborted call throws its signal's own reason.
 * Switch on `name` or `code`, or use the type guards; messages may change and say what to do.
 */
export class EdgewiseError extends Error {
  /** The name of the class, which minifiers leave alone. */
  override readonly name: string = 'EdgewiseError'
  /** Machine-readable kind, or null when a server gave none. */
  readonly code: string | null

  constructor(message: string, options: EdgewiseErrorOptions) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = options.code
    Object.defineProperty(this, brand, { value: true })
  }
}

/** Whether a value is one of this package's errors. */
export function isEdgewiseError(error: unknown): error is EdgewiseError {
  return error instanceof Error && brand in error
}

/** Makes the type guard of the class with that name. */
export function guardOf<E extends EdgewiseError>(name: E['name']): (error: unknown) => error is E {
  return (error): error is E => isEdgewiseError(error) && error.name === name
}
