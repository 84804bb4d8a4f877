/** Runs in Chromium: one tab, with the manager of engines, downloads as its gate, and an engine that keeps bytes. */
import { Downloads } from '../../../src/downloads/downloads.ts'
import type { LoadProgress } from '../../../src/engine/engine.ts'
import { EngineManager } from '../../../src/engine/manager.ts'
import { testModel } from '../../../src/testing/model.ts'
import { outcome } from '../outcome.ts'
import { cacheEngine } from './cache-engine.ts'

interface Wished {
  sizeBytes?: number
  followStallMs?: number
}

const offers: (number | undefined)[] = []
let progress: LoadProgress[] = []
let onProgress = (): void => {}
let loading: Promise<string>
let controller: AbortController
let downloads: Downloads
let manager: EngineManager
let model = testModel({ framework: 'cache' })

/** As a page begins. */
export function begin({ sizeBytes = 400_000, followStallMs }: Wished = {}): void {
  model = testModel({ framework: 'cache', sizeBytes })
  const engines = [cacheEngine]
  const onOffer = ({ bytes }: { bytes: number | undefined }) => offers.push(bytes) > 0
  downloads = new Downloads({ engines, storage: localStorage, onOffer, network: async () => ({}), followStallMs })
  manager = new EngineManager({ engines, gate: downloads })
}

export function startLoad(): void {
  progress = []
  controller = new AbortController()
  loading = outcome(
    manager.load(model, {
      signal: controller.signal,
      onProgress(one) {
        progress.push(one)
        onProgress()
      },
    }),
  )
}

/** "ok", or the error's class and code. */
export const endLoad = (): Promise<string> => loading

export const abortLoad = (): void => controller.abort(new DOMException('not now', 'AbortError'))

/** Resolves when so many bytes of the download were told of, by whichever tab. */
export function heard(bytes: number): Promise<void> {
  return new Promise((resolve) => {
    onProgress = () => {
      if (progress.some(({ stage, loadedBytes = 0 }) => stage === 'download' && loadedBytes >= bytes)) resolve()
    }
    onProgress()
  })
}

export const unload = (): Promise<void> => manager.unload(model.id)

export const remove = (): Promise<string> => outcome(downloads.remove(model))

/** What is stored, once it is this or after a while. */
export function stored(expected: [id: string, bytes: number, inUse: boolean][]) {
  return once(expected, async () =>
    (await downloads.stored([model])).map(({ model, bytes, inUse }) => [model.id, bytes, inUse]),
  )
}

/** What users were asked in this tab: bytes. */
export const asked = () => offers

/** The locks of all tabs that are held, once they are these or after a while. */
export function locks(expected: string[]): Promise<string[]> {
  return once(expected, async () => {
    const { held = [] } = await navigator.locks.query()
    return held.map(({ name = '', mode }) => `${mode} ${name}`).sort()
  })
}

/** Resolves when somebody waits for a lock. */
export async function queued(): Promise<void> {
  while ((await navigator.locks.query()).pending?.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** The page goes into the back-forward cache, or comes back from it. */
export function transit(type: 'pagehide' | 'pageshow', persisted: boolean): void {
  dispatchEvent(new PageTransitionEvent(type, { persisted }))
}

/** What there is, once it is as expected or after twenty seconds. */
async function once<T>(expected: unknown, ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    const found = await ask()
    if (JSON.stringify(found) === JSON.stringify(expected) || tries === 1000) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
