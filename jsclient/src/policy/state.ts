import type { ModelStatus, NetworkState, State, UserMode } from '../wire.ts'
import { toCount, toFlag } from './numbers.ts'

/** More models than any page carries; a state with more is not believed. The same bound as the server's. */
const MAX_MODELS = 256

/** A full battery. */
export const MAX_LEVEL_PERMILLE = 1000

/** What a page knows of one model. 0 and undefined mean unknown. */
export interface KnownModel {
  readonly status: ModelStatus | undefined
  readonly loadMs: number
  readonly tokensPerSecondMilli: number
  readonly predictedTokensPerSecondMilli: number
  readonly ttftMs: number
  readonly failures: number
}

/** A state as the policies read it. */
export interface KnownState {
  readonly models: ReadonlyMap<string, KnownModel>
  /** The level is of use only if `charging` is known. */
  readonly battery: { readonly levelPermille: number; readonly charging: boolean | undefined }
  readonly network: NetworkState
  readonly mode: UserMode | undefined
}

/** Reads and clamps a state. What is missing or makes no sense is unknown. */
export function readState(state: State | null): KnownState {
  const { models, battery, network, mode } = state ?? {}
  const entries = Object.entries(models ?? {})
  const known = new Map<string, KnownModel>()
  if (entries.length <= MAX_MODELS) for (const [id, model] of entries) known.set(id, readModel(model))
  return {
    models: known,
    battery: {
      levelPermille: toCount(battery?.levelPermille, MAX_LEVEL_PERMILLE),
      charging: toFlag(battery?.charging),
    },
    network: network ?? {},
    mode: mode === 'always' || mode === 'never' ? mode : undefined,
  }
}

/** Reads a claim, which may be anything, null too. */
function readModel(claim: Partial<Record<keyof KnownModel, unknown>> | null): KnownModel {
  const { status, loadMs, tokensPerSecondMilli, predictedTokensPerSecondMilli, ttftMs, failures } = claim ?? {}
  return {
    status: status === 'absent' || status === 'cached' || status === 'loaded' ? status : undefined,
    loadMs: toCount(loadMs),
    tokensPerSecondMilli: toCount(tokensPerSecondMilli),
    predictedTokensPerSecondMilli: toCount(predictedTokensPerSecondMilli),
    ttftMs: toCount(ttftMs),
    failures: toCount(failures),
  }
}

/** What is known of a model that the state does not name. */
export const UNKNOWN_MODEL: KnownModel = readModel(null)

/** Whether no download is needed. */
export function isOnDevice({ status }: KnownModel): boolean {
  return status === 'cached' || status === 'loaded'
}
