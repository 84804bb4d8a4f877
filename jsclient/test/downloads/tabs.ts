/** Tabs of one origin, in one process: Node's Web Locks and channels join whoever asks for them. */
import type { TestContext } from 'node:test'
import { Downloads, type DownloadsOptions } from '../../src/downloads/downloads.ts'
import type { OfferHandler } from '../../src/downloads/offer.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { LoadPass, LoadPurpose } from '../../src/engine/load-gate.ts'
import { testModel } from '../../src/testing/model.ts'
import { turn } from '../../src/testing/turn.ts'
import type { ModelInfo } from '../../src/wire.ts'

export const SIZE = 1_000_000

export const model: ModelInfo = testModel({ sizeBytes: SIZE })

/** What the origin stores, bytes by model; the tabs' engines share it. */
export class Disk {
  readonly bytes = new Map<string, number>()
  /** Calls of `remove` and `removeOld`, such as "removeOld tiny". */
  readonly log: string[] = []
  /** What `removeOld` waits for. */
  tidying: Promise<void> = Promise.resolve()

  fill(id: string = model.id): void {
    this.bytes.set(id, SIZE)
  }
}

/** An engine of which only what it keeps is asked for. */
export function diskEngine(disk: Disk, over: Partial<Engine> = {}): Engine {
  const has = ({ id }: ModelInfo) => disk.bytes.get(id) ?? 0
  return {
    name: 'fake',
    status: async (model) => (has(model) >= SIZE ? 'cached' : 'absent'),
    load: () => Promise.reject(new Error('nobody loads here')),
    dispose: async () => {},
    store: {
      missingBytes: async (model) => SIZE - has(model),
      storedBytes: async (model) => has(model),
      async remove({ id }) {
        disk.log.push(`remove ${id}`)
        disk.bytes.delete(id)
      },
      async removeOld({ id }) {
        disk.log.push(`removeOld ${id}`)
        await disk.tidying
      },
    },
    ...over,
  }
}

export interface Tab {
  readonly downloads: Downloads
  readonly engine: Engine
  /** Bytes of what it heard of another tab's download. */
  readonly heard: (number | undefined)[]
  enter(options?: EnterOptions): Promise<LoadPass>
}

interface EnterOptions {
  model?: ModelInfo
  purpose?: LoadPurpose
  consented?: boolean
  signal?: AbortSignal
}

export interface TabOptions extends Partial<DownloadsOptions> {
  disk?: Disk
  engine?: Engine
}

/** A tab that lives as long as the test. */
export function openTab(
  t: TestContext,
  { disk = new Disk(), engine = diskEngine(disk), ...options }: TabOptions = {},
): Tab {
  const downloads = new Downloads({ engines: [engine], network: async () => ({}), ...options })
  t.after(() => downloads.dispose())
  const heard: Tab['heard'] = []
  const enter = ({ model: wanted = model, purpose = 'preload', consented = false, signal }: EnterOptions = {}) =>
    downloads.enter(engine, wanted, {
      purpose,
      consented,
      signal: signal ?? new AbortController().signal,
      onProgress: ({ loadedBytes }) => heard.push(loadedBytes),
    })
  return { downloads, engine, heard, enter }
}

/** A user who answers every offer the same way, undefined = not at all, and what was put to them. */
export function user(answer: boolean | undefined): OfferHandler & { readonly offers: Parameters<OfferHandler>[0][] } {
  const offers: Parameters<OfferHandler>[0][] = []
  const onOffer: OfferHandler = (offer) => {
    offers.push(offer)
    return answer
  }
  return Object.assign(onOffer, { offers })
}

/** As `localStorage`. */
export function memoryStorage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const items = new Map<string, string>()
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  }
}

/** Gives the navigator a member until the test has ended. */
export function withNavigator(t: TestContext, name: string, value: unknown): void {
  const old = Object.getOwnPropertyDescriptor(navigator, name)
  Object.defineProperty(navigator, name, { value, configurable: true })
  t.after(() => {
    Reflect.deleteProperty(navigator, name)
    if (old) Object.defineProperty(navigator, name, old)
  })
}

/** The names of the locks that are held, without those of other tests' files. */
export async function locksHeld(): Promise<string[]> {
  const { held = [] } = await navigator.locks.query()
  return held.map(({ name = '', mode }) => `${mode} ${name}`).sort()
}

/** Lets promises, locks and messages come to rest. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}
