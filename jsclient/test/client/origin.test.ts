import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ChatCompletionRequest, ChatMessage } from '../../src/wire.ts'
import { collect, LOAD_FAILS, type Setup, setup, until } from './setup.ts'

const messages: ChatMessage[] = [{ role: 'user', content: 'canary-5e1' }]

/** What the server was told of each chat's origin. */
const origins = ({ server }: Setup) =>
  server.bodies<ChatCompletionRequest>('/chat/completions').map(({ edgewise }) => edgewise)

describe('the server is told of a request', () => {
  it('which decision of its own sent it there, and why', async (t) => {
    const parts = await setup(t)
    await parts.client.generate('hi', { complexity: 'complex' })
    await collect(parts.client.stream({ messages, preference: 'never' }))
    assert.deepEqual(origins(parts), [
      { decisionId: 'd1', reason: 'request_too_complex' },
      { decisionId: 'd2', reason: 'user_disabled_browser' },
    ])
  })

  it('that the browser was tried first', async (t) => {
    const parts = await setup(t, { engine: { faults: [LOAD_FAILS] } })
    await parts.client.generate('hi')
    assert.deepEqual(origins(parts), [{ decisionId: 'd1', reason: 'optimal_for_browser', fallback: true }])
  })

  it('why the page sent it there, and no id that the page made up', async (t) => {
    const parts = await setup(t, { server: { routeStatus: 503 } })
    await parts.client.generate('hi', { complexity: 'complex' })
    assert.deepEqual(origins(parts), [{ reason: 'request_too_complex' }])
  })

  it('nothing of what its caller says of it otherwise', async (t) => {
    const parts = await setup(t)
    const options = {
      task: 'canary-task',
      conversationId: 'c-1',
      promptTokens: 3,
      trace: true,
      force: 'server',
    } as const
    await parts.client.chat.completions.create({ messages, user: 'canary-user' }, options)
    assert.deepEqual(origins(parts), [{ decisionId: 'd1', reason: 'user_disabled_browser' }])
  })
})

describe('a report', () => {
  it('names the decision that the server made', async (t) => {
    const { client, server } = await setup(t)
    await client.generate('hi')
    await until(() => server.reports().length > 0)
    const [{ decidedBy, decisionId } = {}] = server.reports()
    assert.deepEqual([decidedBy, decisionId], ['server', 'd1'])
  })

  it('names none that the page made', async (t) => {
    const { client, server } = await setup(t, { server: { routeStatus: 503 } })
    await client.generate('hi')
    await until(() => server.reports().length > 0)
    const [report] = server.reports()
    assert.ok(report && report.decidedBy === 'page' && !('decisionId' in report))
  })
})
