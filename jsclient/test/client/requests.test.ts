import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { prepare } from '../../src/client/prepare.ts'
import { Recorder } from '../../src/client/record.ts'
import { Requests, WHOLE } from '../../src/client/requests.ts'
import { RouteLog } from '../../src/client/route-log.ts'
import { StatusStore } from '../../src/client/status.ts'
import { isEngineError } from '../../src/errors/engine-error.ts'
import { isInvalidRequestError } from '../../src/errors/invalid-request-error.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { isServerError } from '../../src/errors/server-error.ts'
import type { ChatMessage, RouteResponse } from '../../src/wire.ts'
import { collect, rejection, setup } from './setup.ts'

const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }]
const chats = '/chat/completions'

/** A decision as JSON may have it. */
const answers = (fields: object) => () => fields as Partial<RouteResponse>

describe('a decision that names no model', () => {
  it('never turns a forced browser into a send', async (t) => {
    const route = answers({ target: 'server', fallback: 'browser', modelInfo: null })
    const { client, server } = await setup(t, { server: { route } })
    assert.ok(isNoTargetError(await rejection(client.generate('hi', { force: 'browser' }))))
    assert.equal(server.bodies(chats).length, 0)
  })

  it('has no fallback in the browser', async (t) => {
    const route = answers({ target: 'server', fallback: 'browser', modelInfo: null })
    const { client, server } = await setup(t, { server: { route, chatStatus: 503 } })
    assert.ok(isServerError(await rejection(client.generate('hi'))))
    assert.equal(server.bodies(chats).length, 1)
  })

  it('or a target that is unknown, runs nowhere', async (t) => {
    for (const fields of [
      { target: 'browser', modelInfo: null, fallback: null },
      { target: 'mars', fallback: 'venus' },
    ]) {
      const { client, server } = await setup(t, { server: { route: answers(fields) } })
      assert.ok(isNoTargetError(await rejection(client.generate('hi'))))
      assert.equal(server.bodies(chats).length, 0)
    }
  })

  it('is an engine error where it is carried out', async () => {
    const request = prepare({ messages })
    const status = new StatusStore()
    const parts = { options: {}, log: new RouteLog(), status } as unknown as ConstructorParameters<typeof Requests>[0]
    const decision = { target: 'browser', useBrowser: true, reason: 'x', decidedBy: 'page' } as never
    const started = { request, decision, grant: undefined, recorder: new Recorder(Date.now) }
    const run = new Requests(parts).carryOut({ ...started, signal: new AbortController().signal }, WHOLE)
    assert.ok(isEngineError(await rejection(collect(run))))
  })
})

describe('fields of a request', () => {
  it('that nobody knows are refused by name', async (t) => {
    const { client, server } = await setup(t)
    const typo = { messages, privcay: 'local-only' }
    const error = await rejection(client.chat.completions.create(typo))
    assert.ok(isInvalidRequestError(error) && error.param === 'privcay')
    assert.match(error.message, /extraBody/)
    assert.throws(() => client.stream(typo), isInvalidRequestError)
    const options = { maxTokens: 9, privcay: 'local-only' }
    assert.ok(isInvalidRequestError(await rejection(client.generate('hi', options))))
    assert.equal(server.seen.length, 0)
  })

  it('of the server alone travel in extraBody, and no local model takes them', async (t) => {
    const { client, server } = await setup(t)
    const { route } = await client.chat.completions.create({ messages, extraBody: { top_k: 4, echo: false } })
    assert.deepEqual([route.target, route.reason, route.attempts.length], ['server', 'feature_unsupported', 1])
    const [body] = server.bodies<Record<string, unknown>>(chats)
    const edgewise = { decisionId: 'd1', reason: 'feature_unsupported' }
    assert.deepEqual(body, { messages, top_k: 4, echo: false, stream: false, edgewise })
    const fine = await client.chat.completions.create({ messages, extraBody: {} })
    assert.equal(fine.route.source, 'browser')
  })

  it('that are known can not hide in extraBody', async (t) => {
    const { client } = await setup(t)
    for (const extraBody of [{ privacy: 'local-only' }, { messages: [] }, { edgewise: {} }]) {
      const error = await rejection(client.chat.completions.create({ messages, extraBody }))
      assert.ok(isInvalidRequestError(error) && error.param === `extraBody.${Object.keys(extraBody)[0]}`)
    }
  })

  it('are refused when the content of a message makes no sense', async (t) => {
    const { client, server } = await setup(t)
    for (const message of [
      { content: 5 },
      { content: [null] },
      { content: [{ type: 'text' }] },
      { content: 'x', tool_calls: [{}] },
    ]) {
      const wrong = [{ role: 'user', ...message }] as unknown as ChatMessage[]
      const error = await rejection(client.chat.completions.create({ messages: wrong }))
      assert.ok(isInvalidRequestError(error) && error.param?.startsWith('messages[0].'))
    }
    const loop = { inToolLoop: 'mars' } as never
    assert.ok(isInvalidRequestError(await rejection(client.chat.completions.create({ messages }, loop))))
    assert.equal(server.seen.length, 0)
  })
})
