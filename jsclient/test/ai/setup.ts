/** What tests of the AI SDK's side have in common. */
import type { TestContext } from 'node:test'
import type { ToolSet, UIMessage } from 'ai'
import { jsonSchema, tool } from 'ai'
import { HybridInferenceClient } from '../../src/client/client.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/fake-engine.ts'
import { FakeServer, type FakeServerOptions } from '../../src/testing/fake-server.ts'
import { testModel } from '../../src/testing/model.ts'
import type { ChatCompletionRequest, ChatToolCall } from '../../src/wire.ts'

// Tests look at warnings where they are; on the console they are noise.
globalThis.AI_SDK_LOG_WARNINGS = false

export const ANSWER = 'one two three four five six'

/** A server that can go on with what an engine began. */
export const CONTINUES: FakeServerOptions = {
  snapshot: { subject: { rolloutBucket: 0, server: { continuation: 'native' } } },
}

/** The engine dies after so many tokens, once. */
export const dies = (at: number): FakeEngineOptions => ({ faults: [{ does: 'die', at, times: 1 }] })

export interface Given {
  engine?: FakeEngineOptions
  server?: FakeServerOptions
}

/** A client with an engine and a server, for as long as the test lasts. By itself it answers on the device. */
export function setup(t: TestContext, { engine: engineOptions, server: serverOptions }: Given = {}) {
  const engine = new FakeEngine({ answer: ANSWER, ...engineOptions })
  const server = new FakeServer({ answer: ANSWER, ...serverOptions })
  const { baseURL, fetch } = server
  const detector = { detect: async () => ({}), detectState: async () => ({}) }
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine], detector, storage: false })
  t.after(() => client.dispose())
  const asked = () => server.bodies<ChatCompletionRequest>('/chat/completions')
  return { engine, server, client, asked }
}

export const WEATHER: ChatToolCall = {
  id: 'call-1',
  type: 'function',
  function: { name: 'weather', arguments: '{"city":"Bern"}' },
}

/** What models may call in these tests. */
export const TOOLS = {
  weather: tool({
    description: 'The weather of a city.',
    inputSchema: jsonSchema<{ city: string }>({
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    }),
    execute: async ({ city }) => ({ city, celsius: 7 }),
  }),
} satisfies ToolSet

/** Calls the tool, and then says what came of it. */
export function callsOnce({ messages }: Pick<ChatCompletionRequest, 'messages'>) {
  const result = messages.find(({ role }) => role === 'tool')
  return result ? `It is ${result.content}` : { toolCalls: [WEATHER] }
}

/** An engine and a model that take tools. */
export function callsHere(answer: NonNullable<FakeEngineOptions['answer']>): Given {
  const supports = { tools: true }
  return { engine: { supports, answer }, server: { models: [testModel({ supports })] } }
}

/** The text of a message, as the UI shows it. */
export function textOf(message: Pick<UIMessage, 'parts'> | undefined): string {
  return (message?.parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('')
}
