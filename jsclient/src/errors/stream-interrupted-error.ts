import type { RoutedStream, StreamEvent } from '../routed.ts'
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
 * Goes on with an answer that broke off. The signal aborts it; that of the first call no longer counts. Once the client
 * was disposed it is an InvalidRequestError, code "disposed".
 */
export type Resume = (options?: { signal?: AbortSignal | undefined }) => RoutedStream<StreamEvent>

/**
 * An answer ended before it was whole. What arrived is in `partialText`; nothing more will come by itself, and the text
 * must not be taken for a complete answer.
 */
export class StreamInterruptedError extends EdgewiseError {
  override readonly name = 'StreamInterruptedError'
  declare readonly code: 'stream_interrupted'
  /** The text of the first choice that had come, and was handed out where it was to be streamed. */
  readonly partialText: string
  /** The tries, first to last. */
  readonly attempts: readonly StreamAttempt[]
  /**
   * Asks for the rest, as often as is wanted: it is decided anew who answers, and if the target or its fallback can, it
   * goes on behind `partialText`; otherwise a `reset` comes first, and then the whole answer. The last event, `done`, has the whole text
   * either way. The request's own wishes, such as `force` and `privacy`, stay in force. What keeps the rest from being had
   * is the `cause` of another error like this one. Nothing is asked before the stream is iterated. Absent where no client stands behind the answer, as from
   * `ServerTransport`.
   */
  readonly resume?: Resume

  constructor(
    partialText: string,
    attempts: readonly StreamAttempt[],
    { resume, ...options }: { cause?: unknown; resume?: Resume | undefined } = {},
  ) {
    super('The answer broke off. Keep `partialText`, call `resume` where there is one, or ask again.', {
      ...options,
      code: 'stream_interrupted',
    })
    this.partialText = partialText
    this.attempts = attempts
    if (resume) this.resume = resume
  }
}

/** Whether an error is a `StreamInterruptedError`, of whichever copy of this package. */
export const isStreamInterruptedError = guardOf<StreamInterruptedError>('StreamInterruptedError')
