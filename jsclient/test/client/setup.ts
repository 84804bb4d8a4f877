import type { TestContext } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import type { HybridInferenceClientOptions } from '../../src/client/options.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/fake-engine.ts'
import { type Behaviour, type WireServer, wireServer } from './wire-server.ts'

/** What goes wrong with an engine, in few words. */
export const LOAD_FAILS = { does: 'fail', at: 'load', code: 'out_of_memory' } as const
export const LOAD_HANGS = { does: 'hang', at: 'load' } as const

export interface Setup {
  server: WireServer
  engine: FakeEngine
  client: HybridInferenceClient
}

/** A server, an engine and a client that live as long as the test. */
export async function setup(
  t: TestContext,
  given: { server?: Behaviour; engine?: FakeEngineOptions; client?: Partial<HybridInferenceClientOptions> } = {},
): Promise<Setup> {
  const server = await wireServer(t, given.server)
  const engine = new FakeEngine(given.engine)
  const client = newClient(t, server, engine, given.client)
  return { server, engine, client }
}

export function newClient(
  t: TestContext,
  server: WireServer,
  engine: FakeEngine,
  options: Partial<HybridInferenceClientOptions> = {},
): HybridInferenceClient {
  const client = new HybridInferenceClient({
    baseURL: server.baseURL,
    engines: [engine],
    detector: { detect: async () => ({ hasWebGPU: false, hasWebGL2: false }), detectState: async () => ({}) },
    ...options,
  })
  t.after(() => client.dispose())
  return client
}

export async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const event of events) all.push(event)
  return all
}

/** Lets what is on its way over the loopback interface arrive. */
export function settled(ms = 30): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Waits until something has happened; fails after five seconds. */
export async function until(happened: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000
  while (!happened()) {
    if (performance.now() > deadline) throw new Error(`it did not happen: ${happened.toString()}`)
    await settled(2)
  }
}

/** The errors that are reported as uncaught while the test runs. */
export function surfacedErrors(t: TestContext): unknown[] {
  const surfaced: unknown[] = []
  const scope = globalThis as { reportError?: (error: unknown) => void }
  const { reportError } = scope
  scope.reportError = (error) => surfaced.push(error)
  t.after(() => {
    if (reportError) scope.reportError = reportError
    else delete scope.reportError
  })
  return surfaced
}

/** What a promise rejects with; fails if it does not reject. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('the promise was expected to reject')
}
