import type { ModelStatus, NetworkState, State, UserMode } from '../wire.ts'
import { MAX_COUNT, toCount } from './numbers.ts'

/** More models than any page carries; a state with more is not believed. The same bound as the server's. */
const MAX_MODELS = 256

/** What a page knows of one model. 0 and undefined mean unknown. */
export interface KnownModel {
  readonly status: ModelStatus | undefined
  readonly loadMs: number
  readonly tokensPerSecondMilli: number
  readonly failures: number
}

/** A state as the policies read it. */
export interface KnownState {
  readonly models: ReadonlyMap<string, KnownModel>
  readonly network: NetworkState
  readonly mode: UserMode | undefined
}

/** What is known of a model that the state does not name. */
export const UNKNOWN_MODEL: KnownModel = Object.freeze({
  status: undefined,
  loadMs: 0,
  tokensPerSecondMilli: 0,
  failures: 0,
})

/** Reads and clamps a state. What is missing or makes no sense is unknown. */
export function readState(state: State): KnownState {
  const entries = Object.entries(state.models ?? {})
  const models = new Map<string, KnownModel>()
  if (entries.length <= MAX_MODELS) {
    for (const [id, model] of entries) {
      models.set(id, {
        status: isStatus(model.status) ? model.status : undefined,
        loadMs: toCount(model.loadMs),
        tokensPerSecondMilli: toCount(model.tokensPerSecondMilli),
        failures: toCount(model.failures, MAX_COUNT),
      })
    }
  }
  const { mode, network } = state
  return { models, network: network ?? {}, mode: mode === 'always' || mode === 'never' ? mode : undefined }
}

/** Whether no download is needed. */
export function isOnDevice(model: KnownModel): boolean {
  return model.status === 'cached' || model.status === 'loaded'
}

function isStatus(status: unknown): status is ModelStatus {
  return status === 'absent' || status === 'cached' || status === 'loaded'
}
