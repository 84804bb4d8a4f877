import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { FAILURE_WINDOW_MS, LONGEST_MS } from '../../src/engine/circuit.ts'
import { Health } from '../../src/engine/health.ts'
import { TestStorage } from './storage.ts'

const KEY = 'edgewise.health'
const NOW = 1_800_000_000_000
const DAY = 24 * 60 * 60_000
const tiny = { engine: 'fake', model: 'tiny' }
const other = { engine: 'fake', model: 'other' }

/** A visit of the same device. */
function visit(storage: TestStorage | undefined, now = NOW): Health {
  return new Health({ storage, now: () => now })
}

/** What is told of a model. */
function failures(health: Health, { engine, model }: typeof tiny = tiny): number {
  return health.failures().find((one) => one.engine === engine && one.model === model)?.failures ?? 0
}

function fail(health: Health, times: number, subject = tiny): void {
  for (let i = 0; i < times; i++) health.failed(subject)
}

/** The records as if their tab had crashed: nobody holds the marker's lock. */
function crashed(storage: TestStorage): TestStorage {
  const copy = storage.copy()
  copy.items.set(KEY, (copy.items.get(KEY) ?? '').replaceAll(/"edgewise-[^"]*"/g, '"edgewise-of-a-dead-tab"'))
  return copy
}

describe('what is remembered across visits', () => {
  it('failures, an open circuit, and that it was closed', () => {
    const storage = new TestStorage()
    fail(visit(storage), 2)
    assert.equal(failures(visit(storage)), 2)
    fail(visit(storage), 1)
    assert.equal(failures(visit(storage, NOW + FAILURE_WINDOW_MS - 1)), 3)
    assert.equal(failures(visit(storage, NOW + FAILURE_WINDOW_MS)), 0)
    visit(storage).answered(tiny)
    assert.equal(failures(visit(storage)), 0)
    assert.equal(storage.items.size, 0, 'and nothing is left behind')
  })

  it('each model of each engine by itself', () => {
    const storage = new TestStorage()
    fail(visit(storage), 3)
    fail(visit(storage), 1, other)
    assert.deepEqual(visit(storage).failures(), [
      { ...tiny, failures: 3 },
      { ...other, failures: 1 },
    ])
    assert.equal(failures(visit(storage), { engine: 'another', model: 'tiny' }), 0)
  })

  it('names, counts and times, and nothing else', async () => {
    const storage = new TestStorage()
    const health = visit(storage)
    fail(health, 1)
    fail(health, 3, other)
    const mark = await health.mark(tiny)
    mark.set(true)
    const { markers, ...rest } = JSON.parse(storage.items.get(KEY) ?? '')
    assert.deepEqual(rest, {
      version: 1,
      circuits: [
        { ...tiny, failures: [NOW] },
        { ...other, since: NOW, forMs: FAILURE_WINDOW_MS },
      ],
    })
    const [{ lock, ...marker }] = markers
    assert.deepEqual(marker, tiny)
    assert.match(lock, /^edgewise-[0-9a-f-]{36}$/)
    mark.end()
  })

  it('sixty-four models, the one that changed longest ago forgotten first', () => {
    const storage = new TestStorage()
    const health = visit(storage)
    for (let i = 0; i < 64; i++) fail(health, 1, { engine: 'fake', model: `m${i}` })
    fail(health, 1, { engine: 'fake', model: 'm0' })
    fail(health, 3)
    const told = health.failures().map(({ model }) => model)
    assert.equal(told.length, 64)
    assert.deepEqual([told[0], told[1], told.at(-2), told.at(-1)], ['m2', 'm3', 'm0', 'tiny'])
  })

  it('what two tabs write at once', () => {
    const storage = new TestStorage()
    const tabs = [visit(storage), visit(storage)]
    tabs.forEach((tab, i) => {
      fail(tab, 3, { engine: 'fake', model: `m${i}` })
    })
    for (const tab of [...tabs, visit(storage)]) {
      assert.deepEqual(
        tab.failures().map(({ model }) => model),
        ['m0', 'm1'],
      )
    }
    tabs[1]?.answered({ engine: 'fake', model: 'm0' })
    assert.equal(tabs[0]?.failures().length, 1)
  })

  it('without storage as long as the page', async () => {
    const health = visit(undefined)
    fail(health, 3)
    assert.equal(failures(health), 3)
    health.answered(tiny)
    assert.equal(failures(health), 0)
    const mark = await health.mark(tiny)
    mark.set(true)
    mark.end()
    assert.equal(failures(visit(undefined)), 0)
  })
})

describe('a storage that does not do its work', () => {
  for (const broken of [['getItem'], ['setItem'], ['getItem', 'setItem', 'removeItem']] as const) {
    it(`as if there were none: ${broken.join(', ')} throws`, async () => {
      const storage = new TestStorage()
      storage.broken = broken
      const health = visit(storage)
      await health.ready
      const mark = await health.mark(tiny)
      mark.set(true)
      mark.end()
      fail(health, 3)
      if (broken.some((name) => name === 'setItem')) assert.equal(failures(health), 3)
      health.answered(tiny)
      assert.equal(failures(health), 0)
    })
  }

  it('a full one loses nothing in this page, and keeps no marker that is over', async () => {
    const storage = new TestStorage()
    const health = visit(storage)
    const mark = await health.mark(tiny)
    mark.set(true)
    storage.room = 200
    for (let i = 0; i < 5; i++) fail(health, 3, { engine: 'fake', model: `m${i}` })
    assert.equal(health.failures().length, 5)
    mark.end()
    const next = visit(crashed(storage))
    await next.ready
    assert.equal(failures(next), 0)
    storage.room = Infinity
    fail(health, 3)
    assert.equal(visit(storage).failures().length, 6)
  })

  it('a full one brings nothing back that another tab has ended', async () => {
    const storage = new TestStorage()
    const [one, two] = [visit(storage), visit(storage)]
    const mark = await two.mark(tiny)
    mark.set(true)
    fail(two, 3, { engine: 'fake', model: 'mended' })
    const before = storage.items.get(KEY)
    storage.broken = ['setItem']
    fail(one, 1, other)
    assert.deepEqual(storage.items.get(KEY), before, 'what another tab wrote stays')
    storage.broken = []
    mark.end()
    two.answered({ engine: 'fake', model: 'mended' })
    fail(one, 1, other)
    assert.deepEqual(JSON.parse(storage.items.get(KEY) ?? ''), {
      version: 1,
      circuits: [{ ...other, failures: [NOW, NOW] }],
      markers: [],
    })
  })

  it('a full one takes no record of another tab away with a marker that is over', async () => {
    const storage = new TestStorage()
    const [one, two] = [visit(storage), visit(storage)]
    const marks = [await one.mark(tiny), await two.mark(tiny)]
    for (const mark of marks) mark.set(true)
    fail(two, 3)
    storage.room = (storage.items.get(KEY) ?? '').length
    fail(one, 3, { engine: 'fake', model: 'm'.repeat(storage.room) })
    marks[0]?.end()
    const { circuits, markers } = JSON.parse(storage.items.get(KEY) ?? '')
    assert.deepEqual([circuits.length, markers.length], [1, 1])
    marks[1]?.end()
    assert.doesNotMatch(storage.items.get(KEY) ?? '', /lock/)
    assert.equal(failures(one, tiny), 3)
  })

  it('a blocked one is no reason to go on with what has ended', () => {
    const storage = new TestStorage()
    const health = visit(storage)
    fail(health, 3)
    storage.broken = ['setItem', 'removeItem']
    health.answered(tiny)
    assert.equal(failures(health), 0)
    assert.equal(failures(visit(storage)), 3)
    storage.broken = []
    fail(health, 1, other)
    assert.equal(failures(visit(storage)), 0)
  })

  const record = { ...tiny, since: NOW, forMs: FAILURE_WINDOW_MS }
  const nonsense: { name: string; value: unknown; failures?: number }[] = [
    { name: 'what we write', value: { version: 1, circuits: [record], markers: [] }, failures: 3 },
    { name: 'no JSON', value: undefined },
    { name: 'null', value: null },
    { name: 'a number', value: 7 },
    { name: 'a list', value: [record] },
    { name: 'an older version', value: { version: 0, circuits: [record], markers: [] } },
    { name: 'a later version', value: { version: 2, circuits: [record], markers: [] } },
    { name: 'no lists', value: { version: 1, circuits: 'many', markers: { length: 3 } } },
    { name: 'half of it', value: { version: 1, circuits: [record] }, failures: 3 },
    {
      name: 'nonsense beside it',
      value: { version: 1, circuits: [null, 5, {}, [], record], markers: [0] },
      failures: 3,
    },
    { name: 'a name that is none', value: { version: 1, circuits: [{ ...record, engine: 5 }] } },
    { name: 'times that are none', value: { version: 1, circuits: [{ ...tiny, failures: ['1', null] }] } },
    { name: 'a fraction of a time', value: { version: 1, circuits: [{ ...record, since: NOW + 0.5 }] } },
    { name: 'longer than anything is open', value: { version: 1, circuits: [{ ...record, forMs: LONGEST_MS + 1 }] } },
    { name: 'the year 2100', value: { version: 1, circuits: [{ ...record, since: 4_102_444_800_000 }] } },
  ]
  for (const { name, value, failures: expected = 0 } of nonsense) {
    it(`holds ${name}`, async () => {
      const storage = new TestStorage({ [KEY]: value === undefined ? '{"version":1,' : JSON.stringify(value) })
      const health = visit(storage)
      await health.ready
      assert.equal(failures(health), expected)
      fail(health, 3, other)
      assert.equal(failures(visit(storage), other), 3, 'and is written over')
    })
  }
})

describe('a crash', () => {
  /** A storage with the marker of a tab that is gone. */
  async function crash(t: TestContext, storage = new TestStorage(), subject = tiny): Promise<TestStorage> {
    const mark = await visit(storage).mark(subject)
    t.after(() => mark.end())
    mark.set(true)
    return crashed(storage)
  }

  it('opens the circuit of the model that was loading, and of no other', async (t) => {
    const storage = await crash(t)
    const health = visit(storage)
    assert.equal(failures(health), 0)
    await health.ready
    assert.deepEqual(health.failures(), [{ ...tiny, failures: 3 }])
    assert.equal(failures(visit(storage, NOW + DAY - 1)), 3)
    assert.equal(failures(visit(storage, NOW + DAY)), 0)
  })

  it('is counted once, by whoever finds it first', async (t) => {
    const storage = await crash(t)
    const tabs = [visit(storage), visit(storage)]
    await Promise.all(tabs.map(({ ready }) => ready))
    await visit(storage).ready
    assert.equal(failures(visit(storage, NOW + DAY)), 0)
  })

  it('of several tabs at once is one', async (t) => {
    const storage = new TestStorage()
    for (const tab of [visit(storage), visit(storage)]) {
      const mark = await tab.mark(tiny)
      t.after(() => mark.end())
      mark.set(true)
    }
    const twice = crashed(storage)
    await visit(twice).ready
    assert.equal(failures(visit(twice, NOW + DAY - 1)), 3)
    assert.equal(failures(visit(twice, NOW + DAY)), 0)
    assert.doesNotMatch(twice.items.get(KEY) ?? '', /dead/)
  })

  it('and another opens it for longer, until an answer closes it', async (t) => {
    const storage = await crash(t)
    await visit(storage).ready
    const again = await crash(t, storage)
    await visit(again, NOW + DAY).ready
    assert.equal(failures(visit(again, NOW + 3 * DAY - 1)), 3)
    assert.equal(failures(visit(again, NOW + 3 * DAY)), 0)
    visit(again).answered(tiny)
    assert.equal(failures(visit(again, NOW + DAY)), 0)
  })

  it('is none while the tab lives, in what it says of danger, and afterwards', async () => {
    const storage = new TestStorage()
    const health = visit(storage)
    const mark = await health.mark(tiny)
    const steps: (() => void)[] = [() => {}, () => mark.set(false), () => mark.end(), () => mark.set(true)]
    for (const step of steps) {
      step()
      const next = visit(crashed(storage))
      await next.ready
      assert.equal(failures(next), 0)
      mark.set(false)
    }
    const alive = await health.mark(tiny)
    alive.set(true)
    await visit(storage).ready
    assert.equal(failures(visit(storage)), 0, 'a tab that lives')
    assert.match(storage.items.get(KEY) ?? '', /tiny/, 'whose marker stays')
    alive.end()
    assert.equal(storage.items.size, 0)
  })

  it('does not take the marker of another tab with it', async (t) => {
    const storage = await crash(t)
    const alive = await visit(storage).mark(other)
    alive.set(true)
    await visit(storage).ready
    assert.deepEqual(
      JSON.parse(storage.items.get(KEY) ?? '').markers.map(({ model }: typeof tiny) => model),
      ['other'],
    )
    alive.end()
  })

  it('is any marker where there are no locks', async (t) => {
    t.mock.getter(navigator, 'locks', () => undefined as never)
    const storage = new TestStorage()
    const mark = await visit(storage).mark(tiny)
    mark.set(true)
    assert.deepEqual(JSON.parse(storage.items.get(KEY) ?? '').markers, [tiny])
    const next = visit(storage.copy())
    await next.ready
    assert.equal(failures(next), 3)
    mark.end()
    assert.equal(storage.items.size, 0)
  })

  it("is nobody's where nobody can say who lives", async (t) => {
    const storage = await crash(t)
    t.mock.method(navigator.locks, 'query', () => Promise.reject(new DOMException('no', 'SecurityError')))
    const health = visit(storage)
    await health.ready
    assert.equal(failures(health), 0)
  })

  it('writes only when something changes', async () => {
    const storage = new TestStorage()
    const mark = await visit(storage).mark(tiny)
    for (const dangerous of [false, true, true, true, false, false]) mark.set(dangerous)
    mark.end()
    assert.equal(storage.writes, 1)
    visit(storage).answered(tiny)
    assert.equal(storage.writes, 1)
  })
})
