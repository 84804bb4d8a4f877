import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { FakeServer } from '../../src/testing/fake-server.ts'
import { testModel } from '../../src/testing/model.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

describe('a virtual clock', () => {
  test('stands still until it is told to go on', async () => {
    using clock = VirtualClock.install({ now: 1_000_000 })
    const began = performance.now()
    await new Promise<void>((resolve) => setImmediate(resolve))
    assert.deepEqual([Date.now(), performance.now() - began], [1_000_000, 0])
    await clock.advance(1500)
    assert.deepEqual([Date.now(), performance.now() - began], [1_001_500, 1500])
    assert.equal(new Date().toISOString(), '1970-01-01T00:16:41.500Z')
  })

  test('runs timers when they are due, in their order', async () => {
    using clock = VirtualClock.install()
    const seen: [string, number][] = []
    const note = (name: string) => seen.push([name, clock.elapsed()])
    setTimeout(note, 20, 'b')
    setTimeout(note, 10, 'a')
    setTimeout(note, 20, 'c')
    const interval = setInterval(note, 15, 'i')
    const never = setTimeout(note, 5, 'never')
    clearTimeout(never)
    await clock.advance(9)
    assert.deepEqual(seen, [])
    await clock.advance(31)
    assert.deepEqual(seen, [
      ['a', 10],
      ['i', 15],
      ['b', 20],
      ['c', 20],
      ['i', 30],
    ])
    clearInterval(interval)
    assert.equal(clock.pending, 0)
  })

  test('lets promises and messages settle between two timers', async () => {
    using clock = VirtualClock.install()
    const { port1, port2 } = new MessageChannel()
    const seen: number[] = []
    port2.onmessage = () => {
      seen.push(clock.elapsed())
      setTimeout(() => port1.postMessage(null), 100)
    }
    port1.postMessage(null)
    await clock.advance(250)
    assert.deepEqual(seen, [0, 100, 200])
    port1.close()
  })

  test('needs no telling for what is due at once', async () => {
    using clock = VirtualClock.install()
    await new Promise((resolve) => setTimeout(resolve, 0))
    await new Promise<void>((resolve) => setTimeout(resolve))
    assert.equal(clock.elapsed(), 0)
  })

  test('can skip time, after which timers are late', async () => {
    using clock = VirtualClock.install()
    const { port1, port2 } = new MessageChannel()
    const seen: [string, number][] = []
    const note = (name: string) => seen.push([name, clock.elapsed()])
    port2.onmessage = () => note('message')
    const interval = setInterval(() => port1.postMessage(note('interval')), 100)
    setTimeout(note, 250, 'timeout')
    clock.skip(60_000)
    assert.deepEqual(seen, [])
    await clock.advance(100)
    assert.deepEqual(seen, [
      ['interval', 60_000],
      ['timeout', 60_000],
      ['message', 60_000],
      ['interval', 60_100],
      ['message', 60_100],
    ])
    clearInterval(interval)
    port1.close()
  })

  test('goes on until something has happened', async () => {
    using clock = VirtualClock.install()
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
    const walk = async () => {
      for (const ms of [1000, 0, 500]) await wait(ms)
      return 'there'
    }
    const beat = setInterval(() => {}, 400)
    assert.equal(await clock.until(walk()), 'there')
    assert.equal(clock.elapsed(), 1500)
    clearInterval(beat)
    const failing = wait(50).then(() => Promise.reject(new Error('not there')))
    await assert.rejects(clock.until(failing), { message: 'not there' })
    assert.equal(clock.elapsed(), 1550)
  })

  test('does not wait for ever for what will not come', async () => {
    using clock = VirtualClock.install({ patienceMs: 20 })
    setTimeout(() => {}, 1000)
    await assert.rejects(clock.until(new Promise(() => {})), { message: /No timer is set/ })
    assert.equal(clock.elapsed(), 1000)
  })

  test('waits in real time for what needs no timer', async () => {
    const real = setTimeout
    using clock = VirtualClock.install()
    assert.equal(await clock.until(new Promise((resolve) => real(resolve, 5, 'there'))), 'there')
    assert.equal(clock.elapsed(), 0)
  })

  test('gives timers what those of Node have', async () => {
    using clock = VirtualClock.install()
    let runs = 0
    const timer = setTimeout(() => runs++, 10)
    assert.ok(timer.ref().unref().hasRef())
    await clock.advance(9)
    timer.refresh()
    await clock.advance(9)
    assert.equal(runs, 0)
    await clock.advance(1)
    timer.refresh()
    await clock.advance(10)
    assert.equal(runs, 2)
    setTimeout(() => assert.fail('it was closed'), 1).close()
    clearTimeout(Number(setTimeout(() => assert.fail('it was cleared by its number'), 1)))
    {
      using _ = setTimeout(() => assert.fail('it was disposed of'), 1)
    }
    assert.equal(clock.pending, 0)
  })

  test('keeps no timer of fakes that were aborted', async () => {
    using clock = VirtualClock.install()
    const [left, engine] = [new AbortController(), new FakeEngine({ loadMs: 1000 })]
    const loading = assert.rejects(engine.load(testModel(), { signal: left.signal }), { name: 'AbortError' })
    const { fetch, baseURL } = new FakeServer({ latencyMs: 1000 })
    const asking = assert.rejects(fetch(`${baseURL}/models`, { signal: left.signal }), { name: 'AbortError' })
    await clock.advance(500)
    assert.equal(clock.pending, 2)
    left.abort()
    await Promise.all([loading, asking])
    assert.equal(clock.pending, 0)
  })

  test('ends signals', async () => {
    using clock = VirtualClock.install()
    const signal = AbortSignal.timeout(1000)
    await clock.advance(999)
    assert.equal(signal.aborted, false)
    await clock.advance(1)
    assert.equal(signal.reason.name, 'TimeoutError')
  })

  test('is not stopped by a timer that throws', async (t) => {
    using clock = VirtualClock.install()
    const reported = t.mock.fn()
    Object.assign(globalThis, { reportError: reported })
    t.after(() => Reflect.deleteProperty(globalThis, 'reportError'))
    const mistake = new Error('a mistake')
    let ran = false
    setTimeout(() => {
      throw mistake
    }, 1)
    setTimeout(() => {
      ran = true
    }, 2)
    await clock.advance(2)
    assert.ok(ran)
    assert.deepEqual(reported.mock.calls[0]?.arguments, [mistake])
  })

  test('puts everything back, and lets timers be that are not its own', async () => {
    const before = [setTimeout, clearTimeout, setInterval, clearInterval, Date, performance.now, AbortSignal.timeout]
    const real = setTimeout(() => assert.fail('it was cleared'), 1)
    const date = new Date(5)
    const clock = VirtualClock.install()
    assert.throws(() => VirtualClock.install(), /already/)
    assert.ok(date instanceof Date && new Date(date).getTime() === 5 && Date.UTC(1970) === 0)
    clearTimeout(real)
    setTimeout(() => assert.fail('it never runs'), 1)
    clock.uninstall()
    clock.uninstall()
    assert.deepEqual(
      [setTimeout, clearTimeout, setInterval, clearInterval, Date, performance.now, AbortSignal.timeout],
      before,
    )
    assert.ok(date instanceof Date && !Object.hasOwn(performance, 'now'))
    await new Promise((resolve) => setTimeout(resolve, 5))
  })

  test('can be handed over without being installed', async () => {
    const clock = new VirtualClock({ now: 0 })
    const { now, setTimeout, advance } = clock
    let seen = 0
    setTimeout(() => {
      seen = now()
    }, 50)
    await advance(60)
    assert.deepEqual([seen, now()], [50, 60])
    assert.ok(Date.now() > 60)
  })

  test('tells of a wait that it did not live to see', async () => {
    const careless = (): Promise<void> => {
      using clock = VirtualClock.install()
      return clock.until(new Promise<void>((resolve) => setTimeout(resolve, 1000)))
    }
    await assert.rejects(careless(), /uninstalled while it was waited for/)
  })
})
