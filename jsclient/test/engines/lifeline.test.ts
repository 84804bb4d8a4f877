/** The lifeline where it can be seen in Node. That it tells of a worker's end is seen in the browser, with each engine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holdLifeline, watchLifeline } from '../../src/engine/lifeline.ts'
import { until as happens } from '../client/setup.ts'

const pause = () => new Promise((resolve) => setTimeout(resolve, 20))

test('a lifeline is held until it is let go, each under a name of its own', async () => {
  let letGo = () => {}
  const until = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const name = await holdLifeline(until)
  assert.ok(name)
  assert.notEqual(await holdLifeline(until), name)
  let ended = false
  const stop = watchLifeline(name, () => {
    ended = true
  })
  await pause()
  assert.equal(ended, false)
  letGo()
  await happens(() => ended)
  stop()
})

test('a lifeline tells its end once, and only who still watches it', async () => {
  const told: string[] = []
  await navigator.locks.request('lifeline', async () => {
    watchLifeline('lifeline', () => told.push('watcher'))
    watchLifeline('lifeline', () => told.push('deserter'))()
    await pause()
    assert.deepEqual(told, [])
  })
  await happens(() => told.length > 0)
  assert.deepEqual(told, ['watcher'])
})

test('without Web Locks there is none', async (t) => {
  t.mock.getter(globalThis, 'navigator', () => ({}))
  assert.equal(await holdLifeline(Promise.resolve()), undefined)
  watchLifeline('lifeline', () => assert.fail('it is told'))()
})
