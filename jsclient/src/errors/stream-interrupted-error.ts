import type { Target } from '../wire.ts'
import { EdgewiseError, guardOf } from './edgewise-error.ts'

/** One try to answer a request. */
export interface StreamAttempt {
  target: Target
  /** Model id, when known. */
  model?: string | undefined
  /** Why it ended early; undefined when the stream just stopped. */
  error?: unknown
}

/**
 * A streamed answer ended before it was whole. What arrived is in `partialText`; nothing more will come, and the text
 * must not be taken for a complete answer.
 */
export class StreamInterruptedError extends EdgewiseError {
  override readonly name = 'StreamInterruptedError'
  declare readonly code: 'stream_interrupted'
  /** The text of the first choice that was handed out. */
  readonly partialText: string
  /** The tries, first to last. */
  readonly attempts: readonly StreamAttempt[]

  constructor(partialText: string, attempts: readonly StreamAttempt[], options: { cause?: unknown } = {}) {
    super('The answer broke off. Keep `partialText`, or ask again.', {
      ...options,
      code: 'stream_interrupted',
    })
    this.partialText = partialText
    this.attempts = attempts
  }
}

/** Whether an error is a `StreamInterruptedError`, of whichever copy of this package. */
export const isStreamInterruptedError = guardOf<StreamInterruptedError>('StreamInterruptedError')
