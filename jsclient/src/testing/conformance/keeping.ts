/** A loaded model that one check leaves to the next. */
import type { Engine, LoadedModel } from '../../engine/engine.ts'
import type { Subject } from './subject.ts'

export interface Resident {
  readonly engine: Engine
  readonly loaded: LoadedModel
}

export interface Kept {
  /** The model that is there, or a new engine's. */
  model(): Promise<Resident>
  /** Disposes the engine, if there is one. */
  end(): Promise<void>
}

export function keeping(subject: Subject): Kept {
  let engine: Engine | undefined
  let resident: Resident | undefined
  return {
    async model() {
      if (resident) return resident
      engine = subject.create()
      resident = { engine, loaded: await engine.load(subject.model) }
      return resident
    },
    async end() {
      const ended = engine
      engine = undefined
      resident = undefined
      await ended?.dispose()
    },
  }
}
