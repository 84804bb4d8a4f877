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
  /** Aborts when the answer no longer matters: a dialog can be closed. */
  readonly signal: AbortSignal
}

/** Answers an offer: true = go ahead. What it throws is a no, and is reported as uncaught. */
export type OfferHandler = (offer: DownloadOffer) => boolean | Promise<boolean>

/** A model's files on this device. */
export interface StoredModel {
  readonly model: ModelInfo
  /** What they take. */
  readonly bytes: number
  /** It is resident, or loads, in this tab or in another one of the origin. */
  readonly inUse: boolean
}
