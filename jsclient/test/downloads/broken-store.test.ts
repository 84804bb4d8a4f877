/** What is stored, where an engine can't do what it is asked. */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { AnswerBook } from '../../src/downloads/answers.ts'
import type { EngineStore } from '../../src/engine/engine.ts'
import { testModel } from '../../src/testing/model.ts'
import { rejection } from '../client/setup.ts'
import { Disk, diskEngine, memoryStorage, model, openTab, SIZE, type Tab, type TabOptions } from './tabs.ts'

const other = testModel({ id: 'other' })
const broken = testModel({ id: 'broken' })
const all = [model, broken, other]

describe('an engine that can not', () => {
  const fail = () => Promise.reject(new Error('out of reach'))

  /** A tab whose engine can't do one thing to one model, all of which are on disk. */
  function openBroken(t: TestContext, what: 'storedBytes' | 'remove', options: TabOptions = {}): [Tab, Disk] {
    const disk = new Disk()
    for (const { id } of all) disk.fill(id)
    const engine = diskEngine(disk)
    const { store } = engine
    assert.ok(store)
    const { storedBytes, remove } = store
    const over: Pick<EngineStore, 'storedBytes' | 'remove'> = {
      storedBytes: (model) => (what === 'storedBytes' && model.id === 'broken' ? fail() : storedBytes(model)),
      remove: (model) => (what === 'remove' && model.id === 'broken' ? fail() : remove(model)),
    }
    return [openTab(t, { engine: { ...engine, store: { ...store, ...over } }, ...options }), disk]
  }

  test('say what one model takes lists the others', async (t) => {
    const [tab] = openBroken(t, 'storedBytes')
    assert.deepEqual(
      (await tab.downloads.stored(all)).map(({ model }) => model.id),
      ['tiny', 'other'],
    )
  })

  test('but only because the call is aborted has not failed', async (t) => {
    const reason = new Error('gone')
    const [tab] = openBroken(t, 'storedBytes')
    for (const call of ['stored', 'removeAll'] as const) {
      const gone = new AbortController()
      const calling = rejection(tab.downloads[call](all, { signal: gone.signal }))
      gone.abort(reason)
      assert.equal(await calling, reason, call)
    }
  })

  for (const what of ['storedBytes', 'remove'] as const) {
    test(`remove one model, failing in ${what}, removes the others and what was said to them`, async (t) => {
      const storage = memoryStorage()
      const answers = new AnswerBook(storage)
      const asked = { bytes: SIZE, metered: false }
      for (const { id } of all) answers.remember(id, asked, true)
      const [tab, disk] = openBroken(t, what, { storage })
      assert.deepEqual(await tab.downloads.removeAll(all), { removed: ['tiny', 'other'], kept: [], failed: ['broken'] })
      assert.deepEqual([...disk.bytes.keys()], ['broken'])
      assert.deepEqual(
        all.map(({ id }) => answers.recall(id, asked)),
        [undefined, true, undefined],
      )
    })
  }

  test('go on, because the call is aborted, has forgotten what was said to what it removed', async (t) => {
    const storage = memoryStorage()
    const gone = new AbortController()
    const reason = new Error('gone')
    const asked = { bytes: SIZE, metered: false }
    new AnswerBook(storage).remember(model.id, asked, true)
    const disk = new Disk()
    for (const { id } of all) disk.fill(id)
    const { store, ...engine } = diskEngine(disk)
    assert.ok(store)
    const remove: EngineStore['remove'] = async (model, options) => {
      await store.remove(model, options)
      gone.abort(reason)
    }
    const tab = openTab(t, { engine: { ...engine, store: { ...store, remove } }, storage })
    assert.equal(await rejection(tab.downloads.removeAll(all, { signal: gone.signal })), reason)
    assert.deepEqual(
      [new AnswerBook(storage).recall(model.id, asked), [...disk.bytes.keys()]],
      [undefined, ['broken', 'other']],
    )
  })
})
