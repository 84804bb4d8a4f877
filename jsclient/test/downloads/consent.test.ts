import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LoadPurpose } from '../../src/engine/load-gate.ts'
import { isEngineError } from '../../src/errors/engine-error.ts'
import { testModel } from '../../src/testing/model.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { NetworkState } from '../../src/wire.ts'
import { rejection, surfacedErrors, until } from '../client/setup.ts'
import { outcome } from './outcome.ts'
import { Disk, diskEngine, memoryStorage, model, openTab, SIZE, user, withNavigator } from './tabs.ts'

const METERED = async (): Promise<NetworkState> => ({ metered: true })
const PURPOSES: LoadPurpose[] = ['preload', 'idle', 'request']

describe('nobody is asked', () => {
  test('for a model that is on disk', async (t) => {
    const disk = new Disk()
    disk.fill()
    const onOffer = user(false)
    await openTab(t, { disk, onOffer, network: METERED }).enter()
    assert.deepEqual(onOffer.offers, [])
  })

  test('for one of which nothing is missing, whatever its engine says of its place', async (t) => {
    const disk = new Disk()
    disk.fill()
    const onOffer = user(false)
    const engine = diskEngine(disk, { status: async () => 'absent' })
    await openTab(t, { engine, onOffer }).enter()
    assert.deepEqual(onOffer.offers, [])
  })

  test('when the app has asked already, which is not remembered', async (t) => {
    const onOffer = user(false)
    const storage = memoryStorage()
    await openTab(t, { onOffer, storage, network: METERED }).enter({ consented: true })
    assert.deepEqual([onOffer.offers, storage.getItem('edgewise.consent')], [[], null])
  })

  const unasked: [network: NetworkState | undefined, Record<LoadPurpose, string>][] = [
    [{}, { preload: 'ok', request: 'ok', idle: 'EngineError declined' }],
    [undefined, { preload: 'ok', request: 'ok', idle: 'EngineError declined' }],
    [
      { metered: true },
      {
        preload: 'EngineError metered_network',
        request: 'EngineError metered_network',
        idle: 'EngineError metered_network',
      },
    ],
    [
      { saveData: true },
      {
        preload: 'EngineError metered_network',
        request: 'EngineError metered_network',
        idle: 'EngineError metered_network',
      },
    ],
  ]
  for (const [state, outcomes] of unasked) {
    test(`where there is nobody to ask, on ${JSON.stringify(state)}`, async (t) => {
      const tab = openTab(t, { network: async () => state })
      for (const purpose of PURPOSES) {
        const pass = tab.enter({ purpose }).then((pass) => pass.end())
        assert.equal(await outcome(pass), outcomes[purpose], purpose)
      }
    })
  }

  test('where the network can not be asked', async (t) => {
    const tab = openTab(t, { network: () => Promise.reject(new Error('no')) })
    await tab.enter({ purpose: 'request' })
  })
})

describe('an offer', () => {
  test('says what is known', async (t) => {
    withNavigator(t, 'connection', { downlink: 3 })
    withNavigator(t, 'storage', { estimate: async () => ({ quota: 10, usage: 4, usageDetails: {} }) })
    const onOffer = user(true)
    const disk = new Disk()
    disk.bytes.set(model.id, 100_000)
    await openTab(t, { disk, onOffer, network: METERED }).enter({ purpose: 'idle' })
    const [{ signal, ...offer } = {}] = onOffer.offers
    const expected = {
      model,
      bytes: 900_000,
      seconds: 3,
      metered: true,
      storage: { quota: 10, usage: 4 },
      purpose: 'idle',
    }
    assert.deepEqual(offer, expected)
    assert.equal(signal?.aborted, true, 'the dialog is closed after the answer')
  })

  test('takes the size from the registry where the engine can not say it', async (t) => {
    const sizes: [sizeBytes: number, bytes: number | undefined][] = [
      [5, 5],
      [0, undefined],
    ]
    for (const [sizeBytes, bytes] of sizes) {
      const onOffer = user(true)
      const { store, ...engine } = diskEngine(new Disk())
      const pass = await openTab(t, { engine, onOffer }).enter({ model: testModel({ sizeBytes }) })
      const [offer] = onOffer.offers
      assert.deepEqual([offer?.bytes, offer?.seconds, offer && 'storage' in offer], [bytes, undefined, false])
      pass.end()
    }
  })

  test('waits only so long for the engine and for the network', async (t) => {
    using clock = VirtualClock.install()
    const hang = () => new Promise<never>(() => {})
    const onOffer = user(true)
    const { store } = diskEngine(new Disk())
    assert.ok(store)
    const engine = diskEngine(new Disk(), { status: hang, store: { ...store, missingBytes: hang } })
    const entering = openTab(t, { engine, onOffer, network: hang }).enter().catch(String)
    // Once it is agreed to, the engine is asked again.
    await clock.advance(20_000)
    assert.equal(typeof (await entering), 'object')
    assert.deepEqual([onOffer.offers[0]?.bytes, onOffer.offers[0]?.metered], [SIZE, false])
  })

  test('that is refused is a declined download', async (t) => {
    const error = await rejection(openTab(t, { onOffer: user(false) }).enter())
    assert.ok(isEngineError(error))
    assert.deepEqual([error.stage, error.code], ['load', 'declined'])
  })

  test('that was refused is made again to a person who asks for the model, and to nobody else', async (t) => {
    const storage = memoryStorage()
    await outcome(openTab(t, { onOffer: user(false), storage }).enter({ purpose: 'idle' }))
    const onOffer = user(true)
    const [asking, mute] = [openTab(t, { onOffer, storage }), openTab(t, { storage })]
    for (const purpose of ['idle', 'request'] as const) {
      assert.equal(await outcome(asking.enter({ purpose })), 'EngineError declined')
    }
    assert.equal(await outcome(mute.enter()), 'EngineError declined', 'there is nobody to ask')
    assert.deepEqual(onOffer.offers, [])
    const pass = await asking.enter()
    pass.end()
    await mute.enter()
    assert.equal(onOffer.offers.length, 1)
  })

  test('is refused by anything but true', async (t) => {
    const onOffer = () => 'yes' as unknown as boolean
    assert.equal(await outcome(openTab(t, { onOffer }).enter()), 'EngineError declined')
  })

  test('that is not answered is refused for now, and made again on the next visit', async (t) => {
    const storage = memoryStorage()
    const onOffer = user(undefined)
    for (const purpose of ['idle', 'request', 'preload'] as const) {
      assert.equal(await outcome(openTab(t, { onOffer, storage }).enter({ purpose })), 'EngineError declined')
    }
    assert.deepEqual([onOffer.offers.length, storage.getItem('edgewise.consent')], [3, null])
  })

  test('whose handler throws is refused for now', async (t) => {
    const surfaced = surfacedErrors(t)
    const storage = memoryStorage()
    const failure = new Error('a mistake of the app')
    const onOffer = () => Promise.reject(failure)
    assert.equal(await outcome(openTab(t, { onOffer, storage }).enter()), 'EngineError declined')
    assert.deepEqual([surfaced, storage.getItem('edgewise.consent')], [[failure], null])
  })

  test('is made once to all who wait for the same model', async (t) => {
    const answers: ((agreed: boolean) => void)[] = []
    const tab = openTab(t, { onOffer: () => new Promise((resolve) => answers.push(resolve)) })
    const gone = new AbortController()
    const first = tab.enter({ signal: gone.signal })
    const second = tab.enter()
    await until(() => answers.length > 0)
    const reason = new Error('gone')
    gone.abort(reason)
    assert.equal(await rejection(first), reason)
    answers[0]?.(true)
    await second
    assert.equal(answers.length, 1)
  })

  test('is withdrawn when nobody waits any more, and nothing is remembered', async (t) => {
    const surfaced = surfacedErrors(t)
    const storage = memoryStorage()
    const closed: unknown[] = []
    const onOffer = ({ signal }: { signal: AbortSignal }) =>
      new Promise<boolean>((resolve, reject) => {
        signal.addEventListener('abort', () => {
          closed.push(signal.reason)
          // Apps do either.
          if (closed.length === 1) resolve(true)
          else reject(signal.reason)
        })
        controller.abort(reason)
      })
    const reason = new Error('gone')
    const tab = openTab(t, { storage, onOffer })
    let controller = new AbortController()
    assert.equal(await rejection(tab.enter({ signal: controller.signal })), reason)
    controller = new AbortController()
    assert.equal(await rejection(tab.enter({ signal: controller.signal })), reason)
    assert.deepEqual([closed, surfaced], [[reason, reason], []])
    assert.equal(storage.getItem('edgewise.consent'), null)
  })

  test('is withdrawn by dispose', async (t) => {
    let offered: AbortSignal | undefined
    const tab = openTab(t, {
      onOffer({ signal }) {
        offered = signal
        return new Promise(() => {})
      },
    })
    const entering = outcome(tab.enter())
    await until(() => offered !== undefined)
    tab.downloads.dispose()
    assert.equal(await entering, 'EngineError not_loaded')
    assert.equal(offered?.aborted, true)
    assert.equal(await outcome(tab.enter()), 'EngineError not_loaded')
  })
})

describe('persistent storage', () => {
  test('is asked for once, after the first yes', async (t) => {
    let asked = 0
    withNavigator(t, 'storage', { persist: async () => ++asked > 0 })
    const tab = openTab(t, { onOffer: ({ model }) => model.id !== 'unwanted' })
    await rejection(tab.enter({ model: testModel({ id: 'unwanted' }) }))
    assert.equal(asked, 0)
    await tab.enter()
    await tab.enter({ model: testModel({ id: 'another' }) })
    assert.equal(asked, 1)
  })

  const persists: [string, persist: (() => Promise<boolean>) | undefined][] = [
    ['is refused', async () => false],
    ['fails', () => Promise.reject(new TypeError('no'))],
    ['is unknown to the browser', undefined],
  ]
  for (const [words, persist] of persists) {
    test(`that ${words} stops nothing`, async (t) => {
      withNavigator(t, 'storage', { persist })
      await openTab(t).enter()
    })
  }
})
