/** What README.md says of the AI SDK. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateText } from 'ai'
import { edgewise, routeOf } from '../../src/ai/index.ts'
import { ANSWER, setup } from './setup.ts'

test('a client is a provider of models', async (t) => {
  const { client, asked } = setup(t)
  // snippet:begin
  const model = edgewise(client)() // edgewise(client)('large') names the server's; both of '@edgewise/client/ai'
  const { text, providerMetadata } = await generateText({
    model,
    prompt: 'What is the capital of France?',
    providerOptions: { edgewise: { conversationId: 'c-42' } },
  })
  const route = routeOf(providerMetadata) // who answered, and why
  // snippet:end
  assert.deepEqual([text, route?.source, asked().length], [ANSWER, 'browser', 0])
})
