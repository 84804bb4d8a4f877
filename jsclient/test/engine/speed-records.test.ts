import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deviceKey } from '../../src/capability/device-key.ts'
import { SpeedRecords } from '../../src/engine/speed-records.ts'
import { memory } from '../client/progressive-visit.ts'

const DAY = 24 * 3600 * 1000
const subject = { engine: 'fake', model: 'tiny' }

/** Records whose clock and device can be set. */
function setup(storage = memory()) {
  const now = { ms: 1_000 * DAY, device: 'mine' }
  const open = (): SpeedRecords => new SpeedRecords({ storage, now: () => now.ms, device: () => now.device })
  return { now, open, storage }
}

describe('speeds', () => {
  it('last longer than the page', () => {
    const { open } = setup()
    open().add(subject, { ttftMs: 120.4, tokensPerSecondMilli: 9000 })
    open().add(subject, { loadMs: 0.2 })
    assert.deepEqual(open().of(subject), { loadMs: 1, tokensPerSecondMilli: 9000, ttftMs: 120 })
  })

  it('move halfway to what is measured, and farther the older they are', () => {
    const { now, open } = setup()
    const records = open()
    const measure = (tokensPerSecondMilli: number) => {
      records.add(subject, { tokensPerSecondMilli })
      return records.of(subject).tokensPerSecondMilli
    }
    assert.deepEqual([measure(1000), measure(2000)], [1000, 1500])
    now.ms += 7 * DAY
    assert.equal(measure(3000), (1500 * 0.5 + 3000) / 1.5)
    now.ms += 29 * DAY
    assert.ok(Math.abs((measure(10_000) ?? 0) - 9600) < 100)
  })

  it('are forgotten after thirty days, each for itself', () => {
    const { now, open } = setup()
    const records = open()
    records.add(subject, { tokensPerSecondMilli: 1000, loadMs: 5 })
    now.ms += 20 * DAY
    records.add(subject, { loadMs: 5 })
    now.ms += 10 * DAY
    assert.deepEqual(records.of(subject), { loadMs: 5 })
  })

  it('are those of one model, one engine and one device', () => {
    const { now, open } = setup()
    const records = open()
    records.add(subject, { ttftMs: 7 })
    assert.deepEqual(records.of({ ...subject, model: 'other' }), {})
    assert.deepEqual(records.of({ ...subject, engine: 'other' }), {})
    now.device = 'another'
    assert.deepEqual(records.of(subject), {})
    now.device = 'mine'
    assert.deepEqual(records.of(subject), { ttftMs: 7 })
  })

  it('are kept of the 64 that were measured last', () => {
    const { open } = setup()
    const records = open()
    for (let i = 0; i < 65; i++) records.add({ engine: 'fake', model: `m${i}` }, { ttftMs: 7 })
    assert.deepEqual(records.of({ engine: 'fake', model: 'm0' }), {})
    assert.deepEqual(records.of({ engine: 'fake', model: 'm1' }), { ttftMs: 7 })
  })

  it('hold in the page where nothing can be stored', () => {
    const full = { ...memory(), setItem: () => assert.fail('full') }
    for (const storage of [full, undefined]) {
      const records = new SpeedRecords({ storage })
      records.add(subject, { ttftMs: 7 })
      records.add(subject, { loadMs: 7 })
      assert.deepEqual(records.of(subject), { loadMs: 7, ttftMs: 7 })
    }
  })

  for (const stored of [
    'nonsense',
    '{"version":1,"records":{}}',
    '{"version":1,"records":[null,{},{"engine":"fake","model":"tiny","device":"mine","ttftMs":7}]}',
    '{"version":2,"records":[{"engine":"fake","model":"tiny","device":"mine","ttftMs":[7,86400000000]}]}',
  ]) {
    it(`are unknown where ${stored} is stored`, () => {
      const { open, storage } = setup()
      storage.setItem('edgewise.speeds', stored)
      assert.deepEqual(open().of(subject), {})
    })
  }
})

describe('the name of a device', () => {
  const device = {
    gpu: { vendor: 'nvidia', architecture: 'ampere' },
    browserName: 'chrome',
    browserVersion: '150',
  } as const

  it('changes with the adapter and with the browser’s major version', () => {
    const names = [
      device,
      { ...device, browserVersion: '151' },
      { ...device, browserName: 'edge' as const },
      { ...device, gpu: { ...device.gpu, architecture: 'turing' } },
      { ...device, gpu: { ...device.gpu, description: 'RTX' } },
      {},
    ].map(deviceKey)
    assert.equal(new Set(names).size, names.length)
  })

  it('does not change with what comes and goes', () => {
    assert.equal(deviceKey({ ...device, storageQuotaMB: 5, connectionType: '4g' }), deviceKey(device))
  })

  it('is of a bounded length', () => {
    assert.ok(deviceKey({ gpu: { description: 'x'.repeat(10_000) } }).length <= 200)
  })
})
