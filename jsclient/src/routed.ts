/** What the client answers with, beside OpenAI's own types. */
import type { ChatFinishReason, ChatToolCall, Reason, Target, TraceStep } from './wire.ts'

/** One try to answer a request. */
export interface RouteAttempt {
  readonly target: Target
  /** Model id; undefined when the server never said. */
  readonly model: string | undefined
  readonly outcome: 'ok' | 'failed' | 'aborted'
  /** It went on where the attempts before it had broken off. */
  readonly continued?: true
  /** Machine-readable kind of the failure. */
  readonly errorCode?: string
  /** Whole time, ms. */
  readonly ms: number
  /** As the target itself counted them; absent when it did not say. */
  readonly promptTokens?: number
  /** Those of the text that was taken from it, as the target itself counted them; absent when it did not say. */
  readonly completionTokens?: number
}

/** How an answer came about. Holds counts and codes, never text. */
export interface RouteRecord {
  readonly decisionId: string
  /** Where the decision sent it. */
  readonly target: Target
  /** Who answered; of a continued answer, who ended it. */
  readonly source: Target
  readonly reason: Reason
  /** The model that answered. */
  readonly model: string
  /** First to last. The last one answered, unless it broke off behind the last token that was asked for. */
  readonly attempts: readonly RouteAttempt[]
  /** Of the attempt that answered; estimated when it gave no counts. */
  readonly promptTokens: number
  /** Of the whole answer, each token once, whoever made it; estimated where somebody gave no counts. */
  readonly completionTokens: number
  /** From the call to the end of the answer, deciding included, ms. */
  readonly latencyMs: number
  /** From the call to the first text, ms. */
  readonly ttftMs: number
  /** After the first text; undefined when the answer was too short to tell. */
  readonly tokensPerSecond: number | undefined
  /** UTF-8 bytes of prompt text that were sent to the server, all attempts together; text to go on with included. */
  readonly promptBytesSent: number
  readonly policyRevision: string
  readonly decidedBy: 'server' | 'page'
  /** When asked for. */
  readonly trace?: readonly TraceStep[]
}

/** An event of `client.stream()`. */
export type StreamEvent =
  | { readonly type: 'delta'; readonly text: string; readonly source: Target }
  | {
      /** Another target takes over; before any text nobody need notice. */
      readonly type: 'handover'
      readonly from: Target
      readonly to: Target
      /** It goes on with the text so far. Otherwise the answer begins anew, after a `reset` if there was text. */
      readonly continues: boolean
      /** Why the first one gave up. */
      readonly error: unknown
    }
  | {
      /** Drop all text so far: the answer begins again. */
      readonly type: 'reset'
    }
  | {
      readonly type: 'done'
      /** The whole answer. */
      readonly text: string
      readonly finishReason: ChatFinishReason
      /** Absent when no tool was called. */
      readonly toolCalls?: ChatToolCall[]
      readonly usage: { readonly promptTokens: number; readonly completionTokens: number }
      readonly route: RouteRecord
    }

/** An answer as it comes, to be iterated once. Leaving it, also while a piece is awaited, stops the work at once. */
export interface RoutedStream<T> extends AsyncIterable<T> {
  /**
   * How the answer came about. Resolves when the answer is complete, rejects with what the iteration throws, and with
   * an AbortError when the loop is left early. Stays pending unless the stream is iterated. Need not be awaited.
   */
  readonly route: Promise<RouteRecord>
}
