/** What messages and chunks of this package's chat transport have that others lack. */
import type { UIMessage } from 'ai'
import type { LoadProgress } from '../engine/engine.ts'
import type { RouteRecord } from '../routed.ts'

/** How far the load of the model is that shall answer. */
export interface EdgewiseProgress extends LoadProgress {
  /** Its id. */
  readonly model: string
}

/** The data parts by name. A type and no interface, because the AI SDK wants an index signature. */
export type EdgewiseDataParts = {
  /** `data-edgewise-progress`: transient, so only `onData` sees it, while a model is loaded and before there is text. */
  'edgewise-progress': EdgewiseProgress
  /** `data-edgewise-route`: how a step's answer came about. At the end of each step. */
  'edgewise-route': RouteRecord
}

/** Metadata of a message. */
export interface EdgewiseMetadata {
  /** How the answer of the last step came about. Absent in messages of users, and before the answer is complete. */
  readonly edgewise?: RouteRecord
}

/** A message of a chat that `EdgewiseChatTransport` answers: `useChat<EdgewiseUIMessage>({ transport })`. */
export type EdgewiseUIMessage = UIMessage<EdgewiseMetadata, EdgewiseDataParts>
