import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { whenIdle } from '../../src/client/when-idle.ts'
import { stopClock } from './progressive-visit.ts'

/** A browser that says when it has nothing to do: when the function returned is called. */
function busyBrowser(t: TestContext): () => void {
  const waiting = new Map<number, () => void>()
  let handles = 0
  Object.assign(globalThis, {
    requestIdleCallback(run: () => void) {
      waiting.set(++handles, run)
      return handles
    },
    cancelIdleCallback: (handle: number) => waiting.delete(handle),
  })
  t.after(() => {
    for (const name of ['requestIdleCallback', 'cancelIdleCallback']) Reflect.deleteProperty(globalThis, name)
  })
  return () => {
    for (const run of waiting.values()) run()
  }
}

describe('whenIdle', () => {
  it('runs after the grace where the browser does not tell', async (t) => {
    const clock = stopClock(t)
    let runs = 0
    whenIdle(() => runs++, 100)
    await clock.advance(99)
    assert.equal(runs, 0)
    await clock.advance(1)
    assert.equal(runs, 1)
  })

  it('then waits until the browser has nothing to do', async (t) => {
    const clock = stopClock(t)
    const rest = busyBrowser(t)
    let runs = 0
    whenIdle(() => runs++, 100)
    rest()
    await clock.advance(200)
    assert.equal(runs, 0)
    rest()
    assert.equal(runs, 1)
  })

  it('can be taken back, in the grace and after it', async (t) => {
    const clock = stopClock(t)
    const rest = busyBrowser(t)
    for (const ms of [50, 150]) {
      const cancel = whenIdle(() => assert.fail('it ran'), 100)
      await clock.advance(ms)
      cancel()
      await clock.advance(200)
      rest()
    }
  })
})
