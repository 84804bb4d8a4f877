/** A visit to a page whose client loads models while nothing else goes on: its surroundings, its server, its offers. */
import type { TestContext } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import type { ClientStorage, HybridInferenceClientOptions } from '../../src/client/options.ts'
import type { DownloadOffer } from '../../src/downloads/offer.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { FakeServer } from '../../src/testing/fake-server.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { PolicySpec } from '../../src/wire.ts'

/** The grace after an answer, ms. */
export const GRACE_MS = 2000

/** By which the server answers until the model is here. */
const POLICIES: PolicySpec[] = [
  { name: 'enabled' },
  { name: 'capability', options: { allowCPU: true, minRAMGB: 0.1 } },
  { name: 'privacy' },
  { name: 'preference' },
  { name: 'health' },
  { name: 'sticky' },
  { name: 'readiness' },
  { name: 'battery' },
]

export interface Visit {
  client: HybridInferenceClient
  engine: FakeEngine
  server: FakeServer
  /** The offers so far. */
  offers: DownloadOffer[]
}

export interface Visited extends Partial<HybridInferenceClientOptions> {
  engine?: FakeEngine
  server?: FakeServer
}

/** Lets time stand still for the test. */
export function stopClock(t: TestContext): VirtualClock {
  const clock = VirtualClock.install()
  t.after(() => clock.uninstall())
  return clock
}

export function visit(t: TestContext, { engine, server, ...over }: Visited = {}): Visit {
  const offers: DownloadOffer[] = []
  const { onOffer = () => true } = over
  const used = { engine: engine ?? new FakeEngine(), server: server ?? new FakeServer({ policies: POLICIES }) }
  const { baseURL, fetch } = used.server
  const client = new HybridInferenceClient({
    baseURL,
    fetch,
    engines: [used.engine],
    storage: false,
    detector: { detect: async () => ({ hasWebGPU: false, hasWebGL2: false }) },
    ...over,
    onOffer(offer) {
      offers.push(offer)
      return onOffer(offer)
    },
  })
  t.after(() => client.dispose())
  return { ...used, client, offers }
}

export const serverWith = (options: ConstructorParameters<typeof FakeServer>[0]): FakeServer =>
  new FakeServer({ policies: POLICIES, ...options })

export function memory(): ClientStorage {
  const items = new Map<string, string>()
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  }
}

/** Waits until something has happened for which no time has to pass; fails if it doesn't. */
export async function happens(what: () => boolean): Promise<void> {
  for (let turns = 0; !what(); turns++) {
    if (turns === 5000) throw new Error(`it did not happen: ${what.toString()}`)
    await new Promise(setImmediate)
  }
}

/** What a browser tells of battery and network, and of who looks; whatever is set here is told at once. */
export class FakeSurroundings {
  /** How many listeners there are. */
  listeners = 0
  readonly #connection = this.#target({ metered: false, saveData: false })
  readonly #battery = this.#target({ level: 1, charging: false })
  readonly #navigator = { onLine: true, connection: this.#connection, getBattery: async () => this.#battery }
  readonly #document = this.#target({ visibilityState: 'visible' })
  readonly #window = this.#target({})

  static install(t: TestContext): FakeSurroundings {
    const fake = new FakeSurroundings()
    const { addEventListener } = fake.#window
    const globals = { navigator: fake.#navigator, document: fake.#document, addEventListener }
    for (const [name, value] of Object.entries(globals)) {
      const old = Object.getOwnPropertyDescriptor(globalThis, name)
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
      t.after(() => {
        if (old) Object.defineProperty(globalThis, name, old)
        else Reflect.deleteProperty(globalThis, name)
      })
    }
    return fake
  }

  set metered(metered: boolean) {
    this.#connection.metered = metered
    this.#connection.dispatchEvent(new Event('change'))
  }

  set saveData(saveData: boolean) {
    this.#connection.saveData = saveData
    this.#connection.dispatchEvent(new Event('change'))
  }

  set offline(offline: boolean) {
    this.#navigator.onLine = !offline
    this.#window.dispatchEvent(new Event(offline ? 'offline' : 'online'))
  }

  /** 0..1 */
  set level(level: number) {
    this.#battery.level = level
    this.#battery.dispatchEvent(new Event('levelchange'))
  }

  set charging(charging: boolean) {
    this.#battery.charging = charging
    this.#battery.dispatchEvent(new Event('chargingchange'))
  }

  set hidden(hidden: boolean) {
    this.#document.visibilityState = hidden ? 'hidden' : 'visible'
    this.#document.dispatchEvent(new Event('visibilitychange'))
  }

  #target<T extends object>(members: T): T & EventTarget {
    const target = new EventTarget()
    const addListener = target.addEventListener.bind(target)
    const add: EventTarget['addEventListener'] = (type, listener, options) => {
      const { signal } = options as AddEventListenerOptions
      this.listeners++
      signal?.addEventListener('abort', () => this.listeners--)
      addListener(type, listener, options)
    }
    return Object.assign(target, members, { addEventListener: add })
  }
}
