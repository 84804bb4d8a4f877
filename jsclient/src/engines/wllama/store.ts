/** What the engine keeps on the device: sizes, and how to get rid of it. */
import { describe } from '../../engine/describe.ts'
import type { EngineStore } from '../../engine/engine.ts'
import { raceAbort } from '../../errors/abort.ts'
import { EngineError } from '../../errors/engine-error.ts'
import type { ModelInfo } from '../../wire.ts'
import type { Entry } from './disk.ts'
import { entriesOf, findEntry, findWhole, removeEntry, writeNote } from './disk.ts'
import { begunBytes, lengthOf, versionOf } from './range.ts'
import type { ModelFile } from './source.ts'

/** `filesOf` throws an `EngineError` when a model's entry won't do. */
export function createStore(filesOf: (model: ModelInfo) => ModelFile[]): EngineStore {
  return {
    async missingBytes(model, { signal } = {}) {
      signal?.throwIfAborted()
      const missing = filesOf(model).map((file) => missingOf(file, signal))
      const bytes = sumOf(await guard(Promise.all(missing), signal))
      return Number.isNaN(bytes) ? undefined : bytes
    },

    async storedBytes({ id }, { signal } = {}) {
      const entries = await guard(entriesOf(id), signal)
      return sumOf(entries.map(({ file }) => file.size))
    },

    remove: ({ id }, { signal } = {}) => guard(take(id, signal), signal),

    async removeOld(model, { signal } = {}) {
      const urls = new Set(filesOf(model).map(({ url }) => url))
      const isOld = ({ note }: Entry) => !urls.has(note.originalURL)
      await guard(take(model.id, signal, isOld), signal)
    },
  }
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0)

/** NaN = nobody can say. */
async function missingOf(file: ModelFile, signal: AbortSignal | undefined): Promise<number> {
  const { url } = file
  if (await findWhole(file)) return 0
  const response = await fetch(url, { method: 'HEAD', cache: 'no-store', signal: signal ?? null }).catch(
    () => undefined,
  )
  // Servers of single-page apps answer with a page for whatever they don't have.
  if (!response?.ok || response.headers.get('content-type')?.startsWith('text/html')) return Number.NaN
  const length = lengthOf(response)
  const entry = await findEntry(url)
  const isSame = entry?.note.version === versionOf(response) && entry.note.originalSize === length
  return length - (isSame ? begunBytes(entry.note, entry.file.size) : 0)
}

/** Takes files from a model, and off the disk unless others have them too. */
async function take(
  modelId: string,
  signal: AbortSignal | undefined,
  which: (entry: Entry) => boolean = () => true,
): Promise<void> {
  for (const entry of await entriesOf(modelId)) {
    signal?.throwIfAborted()
    if (!which(entry)) continue
    const { name, note } = entry
    const models = note.models?.filter((id) => id !== modelId)
    if (models?.length) await writeNote(name, { ...note, models })
    else await removeEntry(name)
  }
}

/** Rejects as a store must: also when a file is to be removed that is being written. */
function guard<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const named = work.catch((cause) => {
    const message = `what wllama has stored is out of reach: ${describe(cause).message}`
    throw new EngineError(message, { stage: 'load', code: 'load_failed', cause })
  })
  return raceAbort(named, signal)
}
