import { InvalidRequestError } from '../errors/invalid-request-error.ts'

/** Whoever asks a client after its end. */
export function disposed(): InvalidRequestError {
  return new InvalidRequestError('The client was disposed. Call initialize() to use it again.', { code: 'disposed' })
}
