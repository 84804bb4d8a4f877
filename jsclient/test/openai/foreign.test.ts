/** What OpenAI's requests may hold and no local engine takes: the server answers, and gets it word for word. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import type { ChatRequest } from '../../src/client/options.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { FakeServer } from '../../src/testing/fake-server.ts'
import { rejection } from '../client/setup.ts'

const user = { role: 'user', content: 'hi' } as const
const url = 'data:image/png;base64,AA=='
const func = { type: 'function', function: { name: 'f' } } as const
const custom = { type: 'custom', custom: { name: 'f' } } as const
const call = { id: 'c', type: 'custom', custom: { name: 'f', input: 'x' } } as const

const FOREIGN: readonly [what: string, request: ChatRequest][] = [
  ['sound', { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AA==' } }] }] }],
  ['a file', { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'x' } }] }] }],
  [
    'a detail of an image that is unknown here',
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url, detail: 'original' } }] }] },
  ],
  [
    'a refusal as a part',
    { messages: [user, { role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }] }, user] },
  ],
  ['an old function call', { messages: [user, { role: 'assistant', content: null, function_call: {} }, user] }],
  ['the result of one', { messages: [user, { role: 'function', content: '1', name: 'f' }] }],
  ['a call of a custom tool', { messages: [user, { role: 'assistant', content: null, tool_calls: [call] }, user] }],
  ['a custom tool', { messages: [user], tools: [func, custom] }],
  [
    'a choice among tools',
    { messages: [user], tools: [func], tool_choice: { type: 'allowed_tools', allowed_tools: {} } },
  ],
]

function setup() {
  const server = new FakeServer()
  const { baseURL, fetch } = server
  const supports = { tools: true, images: true, temperature: true }
  const engine = new FakeEngine({ cached: ['tiny'], supports })
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine], storage: false, reports: false })
  return { server, engine, client }
}

describe('a request with', () => {
  for (const [what, request] of FOREIGN) {
    it(`${what} is the server’s, as it is`, async () => {
      const { client, server, engine } = setup()
      const { route } = await client.chat.completions.create({ ...request, stream: false })
      assert.deepEqual([route.source, engine.requests], ['server', []])
      const [sent] = server.bodies<ChatRequest>('/chat/completions')
      assert.deepEqual(
        [sent?.messages, sent?.tools, sent?.tool_choice],
        [request.messages, request.tools, request.tool_choice],
      )
      assert.ok(isNoTargetError(await rejection(client.chat.completions.create({ ...request, privacy: 'local-only' }))))
      assert.deepEqual([engine.requests, server.bodies('/chat/completions').length], [[], 1])
      await client.dispose()
    })
  }
})
