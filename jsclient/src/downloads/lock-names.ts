import type { Engine } from '../engine/engine.ts'
import type { ModelInfo } from '../wire.ts'

/** What the tabs of an origin call a model, in the names of their locks and channels. */
export interface SharedNames {
  /** Held shared while a tab loads the model or has it resident, and exclusively while its files are removed. */
  readonly use: string
  /** Held by the tab that downloads the model; the channel of its progress is of the same name. */
  readonly download: string
  /** Held by the tab that took over because the first one hangs without letting go. */
  readonly takeover: string
}

export function sharedNames({ name }: Pick<Engine, 'name'>, { id }: Pick<ModelInfo, 'id'>): SharedNames {
  const key = `${name}:${id}`
  return {
    use: `edgewise-use:${key}`,
    download: `edgewise-download:${key}`,
    takeover: `edgewise-download-takeover:${key}`,
  }
}
