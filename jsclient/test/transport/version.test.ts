import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ServerTransport } from '../../src/transport/server.ts'
import { WIRE_VERSION } from '../../src/transport/version.ts'
import type { ChatCompletionRequest } from '../../src/wire.ts'
import { loopback, sendEvents, sendJSON } from './loopback.ts'

const everything = {
  ...{ target: 'server', useBrowser: false, reason: 'offline', continuation: 'none' },
  ...{ schema: 1, revision: 'r', policies: [], models: [], subject: { rolloutBucket: 0, server: {} } },
  ...{ accepted: 0, duplicates: 0, dropped: 0, choices: [] },
}
const chat: ChatCompletionRequest = { messages: [], edgewise: { reason: 'offline' } }

describe('the version of the wire', () => {
  test('is said with every request, whatever `headers` says', async (t) => {
    const { baseURL, seen } = await loopback(t, (response, { headers }) =>
      headers.accept === 'text/event-stream' ? sendEvents(response, ['[DONE]']) : sendJSON(response, everything),
    )
    const transport = new ServerTransport({ baseURL, headers: { 'X-Edgewise-Version': '7.0' } })
    await transport.policy()
    await transport.models()
    await transport.route({ capabilities: {}, promptLength: 1 })
    await transport.report({ grant: 'token', reports: [] })
    await transport.chat(chat)
    for await (const _ of transport.chatStream(chat));
    assert.equal(seen.length, 6)
    for (const { url, headers } of seen) assert.equal(headers['x-edgewise-version'], WIRE_VERSION, url)
  })

  for (const [said, told] of [
    ['1.1', true],
    ['1.20', true],
    ['1.0', false],
    [undefined, false],
    ['2.1', false],
    ['1.1-beta', false],
  ] as const) {
    test(`${said} of a server means that it is ${told ? '' : 'not '}told why requests come`, async (t) => {
      const { baseURL, seen } = await loopback(t, (response, { headers }) => {
        if (said) response.setHeader('x-edgewise-version', said)
        if (headers.accept === 'text/event-stream') sendEvents(response, ['[DONE]'])
        else sendJSON(response, everything)
      })
      const transport = new ServerTransport({ baseURL })
      await transport.models()
      await transport.chat(chat)
      for await (const _ of transport.chatStream(chat));
      const bodies = seen.slice(1).map(({ body }) => 'edgewise' in JSON.parse(body))
      assert.deepEqual(bodies, [told, told])
    })
  }

  test('counts as the last answer said it: before the first, and after an older server took over, it is 1.0', async (t) => {
    const versions = ['1.1', '1.1', undefined, undefined]
    const { baseURL, seen } = await loopback(t, (response) => {
      const said = versions.shift()
      if (said) response.setHeader('x-edgewise-version', said)
      sendJSON(response, everything)
    })
    const transport = new ServerTransport({ baseURL })
    for (let i = 0; i < 4; i++) await transport.chat(chat)
    assert.deepEqual(
      seen.map(({ body }) => 'edgewise' in JSON.parse(body)),
      [false, true, true, false],
    )
  })
})
