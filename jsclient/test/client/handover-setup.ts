/** What tests of hand-overs have in common. */
import assert from 'node:assert/strict'
import { HybridInferenceClient } from '../../src/client/client.ts'
import type { ChatRequest, RoutingOptions } from '../../src/client/options.ts'
import type { OfferHandler } from '../../src/downloads/offer.ts'
import { isStreamInterruptedError } from '../../src/errors/stream-interrupted-error.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/fake-engine.ts'
import { FakeServer, type FakeServerOptions } from '../../src/testing/fake-server.ts'
import type { ChatCompletionRequest, ChatMessage } from '../../src/wire.ts'
import { type Got, WAYS, type Way } from './handover-ways.ts'

export const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }]
export const ANSWER = 'one two three four five six'
export const NATIVE = { rolloutBucket: 0, server: { continuation: 'native' } } as const
export const [CHUNKS, WHOLE, EVENTS] = WAYS as [Way, Way, Way]

export interface Given {
  engine?: FakeEngineOptions
  server?: FakeServerOptions
  stallMs?: number
  onOffer?: OfferHandler
}

export function setup({ engine: engineOptions, server: serverOptions, ...options }: Given = {}) {
  const engine = new FakeEngine({ answer: ANSWER, faults: [{ does: 'die', at: 3, times: 1 }], ...engineOptions })
  const server = new FakeServer({ answer: ANSWER, snapshot: { subject: NATIVE }, ...serverOptions })
  const { baseURL, fetch } = server
  const detector = { detect: async () => ({}), detectState: async () => ({}) }
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine], detector, storage: false, ...options })
  const asked = () => server.bodies<ChatCompletionRequest>('/chat/completions')
  return { engine, server, client, asked }
}

export async function ask(way: Way, given: Given, request: Partial<ChatRequest> = {}, options?: RoutingOptions) {
  const { client, ...rest } = setup(given)
  await client.initialize()
  const got = await way.ask(client, { messages, ...request }, options)
  await client.dispose()
  return { ...got, ...rest }
}

/** Fails with what had come. */
export function assertInterrupted({ error, text }: Got, partialText: string): void {
  assert.ok(isStreamInterruptedError(error), String(error))
  assert.deepEqual([error.partialText, text], [partialText, partialText])
}
