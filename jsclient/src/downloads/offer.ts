import type { LoadPurpose } from '../engine/load-gate.ts'
import type { ModelInfo } from '../wire.ts'

/** A download that somebody must agree to. */
export interface DownloadOffer {
  readonly model: ModelInfo
  /** Bytes to fetch; undefined = nobody can say. */
  readonly bytes: number | undefined
  /** How long it may take on this connection, s; undefined = nobody can say. */
  readonly seconds: number | undefined
  /** The connection is metered, or the user wants to save data. */
  readonly metered: boolean
  /** Bytes that the browser grants this origin, and that it uses, as it estimates them; absent = unknown. */
  readonly storage?: { readonly quota: number; readonly usage: number }
  readonly purpose: LoadPurpose
  /** Aborts when the answer no longer matters, because nobody waits for the model any more: a dialog can be closed. */
  readonly signal: AbortSignal
}

/**
 * Answers an offer: true = go ahead; false = no, which is remembered; undefined = not now, as when a dialog is closed
 * without an answer: this time a no, which no later visit remembers, and after which the client does not offer the model
 * of its own accord while the page lasts. What it throws is a no of that kind, and is reported as uncaught.
 *
 * An offer that is never answered keeps waiting whoever waits for the model, be it a request, and idle loading with it;
 * its signal says when it no longer matters.
 *
 * Only what is not on the device is offered. A stored file that turns out not to fit its checksum is fetched again
 * without an offer: the model was agreed to.
 */
export type OfferHandler = (offer: DownloadOffer) => boolean | undefined | Promise<boolean | undefined>

/** A model's files on this device. */
export interface StoredModel {
  readonly model: ModelInfo
  /** What they take. */
  readonly bytes: number
  /** It is resident, or loads, in this tab or in another one of the origin. */
  readonly inUse: boolean
}
