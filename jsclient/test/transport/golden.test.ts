// What the Go service really answers, from the golden files that its own tests write: the client must read all of it.
// That neither side knows a field that the other does not is for test/contract, and for integration/contract in Go.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { isServerError } from '../../src/errors/server-error.ts'
import { decide } from '../../src/policy/decide.ts'
import { parseSnapshot } from '../../src/policy/snapshot.ts'
import { ServerTransport } from '../../src/transport/server.ts'
import type { RouteRequest, RouteResponse } from '../../src/wire.ts'
import { loopback, sendEvents, sendJSON } from './loopback.ts'

interface Golden {
  name: string
  method: string
  path: string
  request?: Record<string, unknown>
  status: number
  response?: Record<string, unknown>
  events?: unknown[]
}

const folder = path.resolve(import.meta.dirname, '../../../hybrid/testdata/golden')
const goldens: Golden[] = readdirSync(folder).map((file) => ({
  name: path.basename(file, '.json'),
  ...(JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Omit<Golden, 'name'>),
}))

function golden(name: string): Golden {
  const found = goldens.find((one) => one.name === name)
  assert.ok(found, `${name}.json is missing`)
  return found
}

describe('the golden files of the Go service', () => {
  it('the snapshot can be used', () => {
    assert.equal(parseSnapshot(golden('policy').response).revision, golden('policy').response?.revision)
  })

  it('the page decides on route.everything as the service did, and explains it alike', () => {
    const { request, response } = golden('route.everything')
    const { state = {}, trace, ...asked } = request as unknown as RouteRequest
    const { decisionId: _, policyRevision: __, ...want } = response as unknown as RouteResponse
    const { undecidable, ...decision } = decide(parseSnapshot(golden('policy').response), state, asked, { trace })
    assert.deepEqual(JSON.parse(JSON.stringify(decision)), want)
    assert.ok(want.trace)
    assert.deepEqual(undecidable, [])
  })

  it('errors arrive with status, code and field', async (t) => {
    const errors = goldens.filter(
      ({ status, path: at, method }) => status >= 400 && at === '/browser/route' && method === 'POST',
    )
    assert.ok(errors.length >= 4)
    for (const { status, response } of errors) {
      const { baseURL } = await loopback(t, (reply) => sendJSON(reply, response, status))
      const transport = new ServerTransport({ baseURL })
      const error = await transport.route({ capabilities: {}, promptLength: 1 }).catch((caught: unknown) => caught)
      assert.ok(isServerError(error))
      const said = (response as { error: { code: string; param: string | null } }).error
      assert.deepEqual([error.status, error.code, error.param ?? null], [status, said.code, said.param])
    }
  })

  it('a stream is read to its end', async (t) => {
    const events = golden('chat.stream').events ?? []
    const { baseURL } = await loopback(t, (reply) =>
      sendEvents(reply, [...events.map((event) => JSON.stringify(event)), '[DONE]']),
    )
    let text = ''
    let usage: unknown
    const body = { messages: [{ role: 'user' as const, content: 'hello world' }] }
    for await (const chunk of new ServerTransport({ baseURL }).chatStream(body)) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    assert.equal(text, 'HELLO WORLD')
    assert.ok(usage)
  })
})
