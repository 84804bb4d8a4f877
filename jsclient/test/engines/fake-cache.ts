/** A Cache API with one cache, for tests in Node. */
import { marked } from '../../src/engine/stored-files.ts'

export interface FakeCache {
  /** By their URLs, in the order in which they came. */
  readonly files: Map<string, Response>
  /** Every write is refused. */
  isFull: boolean
  /** What every write waits for. */
  disk?: Promise<void>
  /** Writes that were begun. */
  writes: number
}

/** Takes the place of the missing one, until `removeFakeCache`. */
export function installFakeCache(): FakeCache {
  const fake: FakeCache = { files: new Map(), isFull: false, writes: 0 }
  const { files } = fake
  const cache = {
    keys: async () => [...files.keys()].map((url) => ({ url })),
    match: async (url: string) => files.get(url)?.clone(),
    delete: async (url: string) => files.delete(url),
    async put(url: string, file: Response) {
      fake.writes++
      await fake.disk
      if (fake.isFull) throw new DOMException('full', 'QuotaExceededError')
      files.set(url, file)
    },
  }
  Object.assign(globalThis, { caches: { has: async () => true, open: async () => cache } })
  return fake
}

export function removeFakeCache(): void {
  Reflect.deleteProperty(globalThis, 'caches')
}

/** A file of five bytes. */
export function fileOf(...models: string[]): Response {
  return marked(new Blob(['12345']), { models, checksums: '' })
}
