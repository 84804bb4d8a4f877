// The fake server against the real one: every exchange that the Go service's own tests wrote down is put to the fake.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { FakeServer } from '../../src/testing/fake-server.ts'
import { testSnapshot } from '../../src/testing/snapshot.ts'
import { VERSION_HEADER } from '../../src/transport/version.ts'
import type { Snapshot } from '../../src/wire.ts'

interface Golden {
  method: string
  path: string
  request?: unknown
  status: number
  response?: { error?: { code: string } }
  events?: unknown[]
}

const FOLDER = path.resolve(import.meta.dirname, '../../../hybrid/testdata/golden')
const SNAPSHOT = golden('policy').response as unknown as Snapshot

/** What the fake does not do, as it says of itself. */
const NOT_DONE: Record<string, string> = {
  'error.unauthorized': 'it knows nobody',
  'error.invalid-grant': 'it takes any grant',
  'error.prompt-too-long': 'it has no limits',
  'error.forbidden': 'it keeps no sums of savings',
  savings: 'it keeps no sums of savings',
  'savings.all': 'it keeps no sums of savings',
}

/** Whose success says something else. */
const OTHER_BODY: Record<string, string> = {
  'analytics.batch': 'the real server had the first report before',
  'browser-models': 'its list has what its snapshot has, and no origin of figures',
}

/** What the golden files do not hold of a request. */
const HEADERS: Record<string, Record<string, string>> = {
  'error.unsupported-media-type': { 'content-type': 'text/plain' },
  'error.version': { [VERSION_HEADER]: '2.0' },
}

/** The facts of who asked, where they are others than those of the snapshot. */
const SUBJECTS: Record<string, Partial<Snapshot['subject']>> = {
  'route.browser': {
    prices: { promptMicroUSDPerMTok: 150_000, completionMicroUSDPerMTok: 600_000, egressMicroUSDPerGB: 0 },
  },
  'error.budget-exhausted': { budget: { remainingMicroUSD: 0, hard: true } },
}

describe('a fake server answers as the real one', () => {
  const names = readdirSync(FOLDER).map((file) => path.basename(file, '.json'))
  for (const name of names.filter((one) => !(one in NOT_DONE))) {
    test(name, async () => {
      const { method, path: at, request, status, response, events } = golden(name)
      const { fetch, baseURL } = new FakeServer({
        snapshot: testSnapshot({ ...SNAPSHOT, subject: { ...SNAPSHOT.subject, ...SUBJECTS[name] } }),
        serves: ['upper', 'other'],
        answer: { text: ['HELLO ', 'WORLD'], promptTokens: 3 },
      })
      const answer = await fetch(baseURL + at, {
        method,
        headers: { ...(method === 'POST' && { 'content-type': 'application/json' }), ...HEADERS[name] },
        ...(request !== undefined && { body: JSON.stringify(request) }),
      })
      assert.equal(answer.status, status)
      const text = await answer.text()
      if (events) assert.deepEqual(eventsOf(text).map(steady), events.map(steady))
      else if (!(name in OTHER_BODY)) assert.deepEqual(steady(JSON.parse(text)), steady(response))
    })
  }

  test('but for what it does not do', () => {
    for (const name of [NOT_DONE, OTHER_BODY, HEADERS, SUBJECTS].flatMap(Object.keys)) assert.ok(names.includes(name))
  })
})

function golden(name: string): Golden {
  return JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), 'utf8'))
}

function eventsOf(text: string): unknown[] {
  const events = text.match(/(?<=^data: ).*/gm) ?? []
  return events.filter((data) => data !== '[DONE]').map((data) => JSON.parse(data))
}

/** Without what is random or the day's, and without the words of an error. */
function steady(answer: unknown): unknown {
  const drop = ['decisionId', 'created', 'message']
  return JSON.parse(JSON.stringify(answer), (name, value) => {
    if (name === 'message' && typeof value === 'object') return value
    if (name === 'id' && String(value).startsWith('chatcmpl-')) return undefined
    return drop.includes(name) ? undefined : value
  })
}
