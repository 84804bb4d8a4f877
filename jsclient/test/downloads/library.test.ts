import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testModel } from '../../src/testing/model.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { rejection, until } from '../client/setup.ts'
import { outcome } from './outcome.ts'
import {
  Disk,
  diskEngine,
  locksHeld,
  memoryStorage,
  model,
  openTab,
  SIZE,
  settled,
  user,
  withNavigator,
} from './tabs.ts'

const other = testModel({ id: 'other' })
const absent = testModel({ id: 'absent' })
const foreign = testModel({ id: 'foreign', framework: 'nobody' })
const models = [model, other, absent, foreign]

const SHARED = 'shared edgewise-use:fake:tiny'

describe('what is stored', () => {
  test('is listed with its size, also where it is not whole, and with who uses it', async (t) => {
    const disk = new Disk()
    disk.fill()
    disk.bytes.set(other.id, 5)
    const [here, there] = [openTab(t, { disk }), openTab(t, { disk })]
    const list = async (tab = here) =>
      (await tab.downloads.stored(models)).map(({ model, bytes, inUse }) => [model.id, bytes, inUse])
    assert.deepEqual(await list(), [
      ['tiny', SIZE, false],
      ['other', 5, false],
    ])
    const pass = await there.enter()
    assert.deepEqual((await list(here))[0], ['tiny', SIZE, true])
    assert.deepEqual((await list(there))[0], ['tiny', SIZE, true])
    pass.end()
    assert.deepEqual((await list(there))[0], ['tiny', SIZE, false])
  })

  test('in a browser without Web Locks is known to be in use here', async (t) => {
    withNavigator(t, 'locks', undefined)
    const disk = new Disk()
    disk.fill()
    const tab = openTab(t, { disk })
    const pass = await tab.enter()
    assert.deepEqual(
      [(await tab.downloads.stored(models))[0]?.inUse, await outcome(tab.downloads.remove(model))],
      [true, 'InvalidRequestError in_use'],
    )
    pass.end()
    assert.deepEqual(
      [(await tab.downloads.stored(models))[0]?.inUse, await outcome(tab.downloads.remove(model))],
      [false, 'ok'],
    )
  })

  test('is nothing where engines keep nothing', async (t) => {
    const { store, ...engine } = diskEngine(new Disk())
    assert.deepEqual(await openTab(t, { engine }).downloads.stored(models), [])
  })
})

describe('a model', () => {
  test('is not removed while a tab has it, whichever', async (t) => {
    const disk = new Disk()
    disk.fill()
    const [here, there] = [openTab(t, { disk }), openTab(t, { disk })]
    const pass = await there.enter()
    for (const tab of [here, there])
      assert.equal(await outcome(tab.downloads.remove(model)), 'InvalidRequestError in_use')
    pass.loaded()
    for (const tab of [here, there])
      assert.equal(await outcome(tab.downloads.remove(model)), 'InvalidRequestError in_use')
    assert.equal(disk.log.includes('remove tiny'), false)
    pass.end()
    await there.downloads.remove(model)
    assert.deepEqual([...disk.bytes], [])
  })

  test('is not removed while a tab downloads it or waits for it', async (t) => {
    const disk = new Disk()
    const [here, leader, follower] = [openTab(t, { disk }), openTab(t, { disk }), openTab(t, { disk })]
    const leading = await leader.enter()
    assert.equal(await outcome(here.downloads.remove(model)), 'InvalidRequestError in_use')
    const entering = follower.enter()
    leading.end()
    assert.equal(await outcome(here.downloads.remove(model)), 'InvalidRequestError in_use')
    ;(await entering).end()
    await untilHeld([])
    await here.downloads.remove(model)
  })

  test('that is removed must be agreed to again', async (t) => {
    const disk = new Disk()
    const onOffer = user(true)
    const tab = openTab(t, { disk, onOffer, storage: memoryStorage() })
    const load = async () => {
      ;(await tab.enter()).end()
    }
    await load()
    await load()
    assert.equal(onOffer.offers.length, 1)
    disk.fill()
    await tab.downloads.remove(model)
    await load()
    assert.equal(onOffer.offers.length, 2)
    disk.fill()
    await tab.downloads.removeAll(models)
    await load()
    assert.equal(onOffer.offers.length, 3)
    tab.downloads.forget(model.id)
    await load()
    assert.equal(onOffer.offers.length, 4)
  })

  test('whose engine keeps files out of reach can not be removed', async (t) => {
    const { store, ...engine } = diskEngine(new Disk())
    const tab = openTab(t, { engine })
    for (const one of [model, foreign]) {
      assert.equal(await outcome(tab.downloads.remove(one)), 'InvalidRequestError unsupported')
    }
  })

  test('stays when the call is aborted before its turn', async (t) => {
    const disk = new Disk()
    disk.fill()
    const reason = new Error('gone')
    const signal = AbortSignal.abort(reason)
    assert.equal(await rejection(openTab(t, { disk }).downloads.remove(model, { signal })), reason)
    assert.deepEqual(disk.log, [])
  })
})

test('all models are removed but those in use', async (t) => {
  const disk = new Disk()
  disk.fill()
  disk.fill(other.id)
  const [here, there] = [openTab(t, { disk }), openTab(t, { disk })]
  await there.enter({ model: other })
  assert.deepEqual(await here.downloads.removeAll(models), { removed: ['tiny'], kept: ['other'], failed: [] })
  assert.deepEqual([...disk.bytes.keys()], ['other'])
})

describe('what earlier versions left', () => {
  test('is removed once the model is resident', async (t) => {
    const disk = new Disk()
    const pass = await openTab(t, { disk }).enter()
    disk.fill()
    assert.deepEqual(disk.log, [])
    pass.loaded()
    await until(() => disk.log.length > 0)
    assert.deepEqual(disk.log, ['removeOld tiny'])
    await untilHeld([SHARED])
  })

  test('stays while another tab has the model, perhaps an earlier version of it', async (t) => {
    const disk = new Disk()
    disk.fill()
    const [old, young] = [openTab(t, { disk }), openTab(t, { disk })]
    const before = await old.enter()
    const pass = await young.enter()
    pass.loaded()
    await settled()
    await untilHeld([SHARED, SHARED])
    before.end()
    pass.end()
    await untilHeld([])
    assert.deepEqual(disk.log, [])
  })

  test('is removed before another tab begins to load, and nobody removes the model in between', async (t) => {
    const disk = new Disk()
    disk.fill()
    let tidied = () => {}
    disk.tidying = new Promise((resolve) => {
      tidied = resolve
    })
    const [here, there] = [openTab(t, { disk }), openTab(t, { disk })]
    const pass = await here.enter()
    pass.loaded()
    await until(() => disk.log.length > 0)
    let entered = false
    const entering = there.enter().then(() => {
      entered = true
    })
    await settled()
    assert.equal(entered, false)
    assert.equal(await outcome(there.downloads.remove(model)), 'InvalidRequestError in_use')
    tidied()
    await entering
    await untilHeld([SHARED, SHARED])
  })

  test('is removed before the model is, where that was unloaded meanwhile', async (t) => {
    const disk = new Disk()
    disk.fill()
    let tidied = () => {}
    disk.tidying = new Promise((resolve) => {
      tidied = resolve
    })
    const tab = openTab(t, { disk })
    const pass = await tab.enter()
    pass.loaded()
    await until(() => disk.log.length > 0)
    pass.end()
    const removing = tab.downloads.remove(model)
    await settled()
    tidied()
    await removing
    assert.deepEqual(disk.log, ['removeOld tiny', 'remove tiny'])
  })

  test('holds nobody up for ever', async (t) => {
    using clock = VirtualClock.install()
    const disk = new Disk()
    disk.fill()
    disk.tidying = new Promise(() => {})
    const [here, there] = [openTab(t, { disk }), openTab(t, { disk })]
    const pass = await clock.until(here.enter())
    pass.loaded()
    await clock.advance(0)
    const entering = there.enter()
    await clock.advance(5000)
    await entering
    await clock.advance(25_000)
    assert.deepEqual(await locksHeld(), [SHARED, SHARED])
  })

  test('that can not be removed breaks nothing', async (t) => {
    const { store } = diskEngine(new Disk())
    assert.ok(store)
    for (const removeOld of [
      () => Promise.reject(new Error('no')),
      () => {
        throw new Error('no')
      },
    ]) {
      const engine = diskEngine(new Disk(), { store: { ...store, removeOld } })
      const pass = await openTab(t, { engine }).enter()
      pass.loaded()
      await untilHeld([SHARED])
      pass.end()
      await untilHeld([])
    }
  })

  test('is left alone by a tab that ends meanwhile, which lets go of everything', async (t) => {
    const disk = new Disk()
    disk.fill()
    const tab = openTab(t, { disk })
    disk.tidying = new Promise(() => {})
    const pass = await tab.enter()
    pass.loaded()
    await until(() => disk.log.length > 0)
    tab.downloads.dispose()
    await untilHeld([])
  })
})

async function untilHeld(names: string[]): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (JSON.stringify(await locksHeld()) === JSON.stringify(names)) return
    await settled()
  }
  assert.deepEqual(await locksHeld(), names)
}
