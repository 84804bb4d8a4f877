import type { ModelStatus, NetworkState, State, UserMode } from '../wire.ts'
import { toCount } from './numbers.ts'

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

const STATUSES: readonly unknown[] = ['absent', 'cached', 'loaded']

/** Reads and clamps a state. What is missing or makes no sense is unknown. */
export function readState({ models, network, mode }: State): KnownState {
  const entries = Object.entries(models ?? {})
  const believed = entries.length > MAX_MODELS ? [] : entries
  return {
    models: new Map(
      believed.map(([id, model]) => {
        // A claim may be anything, null too.
        const { status, loadMs, tokensPerSecondMilli, failures } = (model as typeof model | null) ?? {}
        const known = {
          status: STATUSES.includes(status) ? status : undefined,
          loadMs: toCount(loadMs),
          tokensPerSecondMilli: toCount(tokensPerSecondMilli),
          failures: toCount(failures),
        }
        return [id, known]
      }),
    ),
    network: network ?? {},
    mode: mode === 'always' || mode === 'never' ? mode : undefined,
  }
}

/** What is known of a model that the state does not name. */
export const UNKNOWN_MODEL: KnownModel = { status: undefined, loadMs: 0, tokensPerSecondMilli: 0, failures: 0 }
