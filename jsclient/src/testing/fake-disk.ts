/** What fake engines keep of models, and how they tell of it. */
import type { EngineStore, StatusOptions } from '../engine/engine.ts'
import type { ModelInfo } from '../wire.ts'

/** What is there of one version of a model. Whoever writes to one that was removed writes to nothing. */
export interface FakeFile {
  bytes: number
  isWhole: boolean
}

export class FakeDisk {
  /** By the model's id, then by its version. */
  readonly #models = new Map<string, Map<string, FakeFile>>()
  /** Ids of models that are there in whichever version is asked for first. */
  readonly #given = new Set<string>()

  give(ids: readonly string[]): void {
    for (const id of ids) this.#given.add(id)
  }

  find(model: ModelInfo): FakeFile | undefined {
    return this.#versionsOf(model).get(versionOf(model))
  }

  /** The model's file, a new one if there is none. */
  open(model: ModelInfo): FakeFile {
    const file = this.find(model) ?? { bytes: 0, isWhole: false }
    this.#versionsOf(model).set(versionOf(model), file)
    return file
  }

  /** Bytes of all versions. */
  bytesOf(model: ModelInfo): number {
    return [...this.#versionsOf(model).values()].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Removes all versions, or all but the present one. */
  remove(model: ModelInfo, which: 'all' | 'old'): void {
    const versions = this.#versionsOf(model)
    for (const version of versions.keys()) {
      if (which === 'all' || version !== versionOf(model)) versions.delete(version)
    }
  }

  #versionsOf(model: ModelInfo): Map<string, FakeFile> {
    const versions = this.#models.get(model.id) ?? new Map<string, FakeFile>()
    this.#models.set(model.id, versions)
    if (this.#given.delete(model.id)) versions.set(versionOf(model), { bytes: model.sizeBytes, isWhole: true })
    return versions
  }
}

/** The disk, as the engine lets its users see it. */
export function storeOf(disk: FakeDisk): EngineStore {
  const after = async <T>({ signal }: StatusOptions = {}, run: () => T): Promise<T> => {
    signal?.throwIfAborted()
    return run()
  }
  return {
    missingBytes: (model, options) => after(options, () => missingOf(model, disk.find(model))),
    storedBytes: (model, options) => after(options, () => disk.bytesOf(model)),
    remove: (model, options) => after(options, () => disk.remove(model, 'all')),
    removeOld: (model, options) => after(options, () => disk.remove(model, 'old')),
  }
}

function missingOf({ sizeBytes }: ModelInfo, { bytes, isWhole }: Partial<FakeFile> = {}): number | undefined {
  if (isWhole) return 0
  return sizeBytes > 0 ? sizeBytes - (bytes ?? 0) : undefined
}

/** Two entries with the same source are the same version. */
function versionOf({ source }: ModelInfo): string {
  return JSON.stringify(source ?? {})
}
