/** What README.md says of clients of OpenAI's API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import OpenAI from 'openai'
import { HybridInferenceClient } from '../../src/client/client.ts'
import { openaiFetch } from '../../src/openai/index.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { FakeServer } from '../../src/testing/fake-server.ts'

test('a client of OpenAI takes our fetch', async (t) => {
  const server = new FakeServer()
  const { baseURL, fetch } = server
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [new FakeEngine()], storage: false })
  t.after(() => client.dispose())
  // snippet:begin
  const openai = new OpenAI({
    fetch: openaiFetch(client), // of '@edgewise/client/openai'
    baseURL: 'https://edgewise.invalid/v1', // no request goes there
    apiKey: 'unused',
    dangerouslyAllowBrowser: true, // which is about keys, and there is none
  })
  const completion = await openai.chat.completions.create({
    model: 'auto', // for the server, where that answers
    messages: [{ role: 'user', content: 'What is the capital of France?' }],
  })
  // snippet:end
  assert.equal(completion.choices[0]?.message.content, 'Hello from here')
  assert.deepEqual(server.bodies('/chat/completions'), [])
})
