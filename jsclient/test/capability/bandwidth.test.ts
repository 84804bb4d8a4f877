import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { probeBandwidth } from '../../src/capability/bandwidth.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const MiB = 1024 * 1024

interface GPUOptions {
  /** Time for a whole pass, ms; never = a GPU that hangs. */
  passMs?: number | 'never'
  info?: Partial<GPUAdapterInfo>
  /** Instead of an adapter. */
  adapter?: null | 'hangs'
  device?: 'hangs' | 'fails'
}

/** A GPU that reads nothing, but takes its time for it; and what was asked of it. */
function fakeGPU({ passMs = 10, info = { vendor: 'acme' }, adapter, device }: GPUOptions = {}) {
  const log: string[] = []
  let groups = 0
  const pass = {
    setPipeline() {},
    setBindGroup() {},
    dispatchWorkgroups(count: number) {
      groups += count
    },
    end() {},
  }
  let give = (): void => {}
  const made = {
    destroy: () => void log.push('destroy'),
    createShaderModule: () => ({}),
    createComputePipeline: () => ({ getBindGroupLayout: () => ({}) }),
    createBuffer: ({ size }: { size: number }) => void log.push(`buffer ${size / MiB}`),
    createBindGroup: () => ({}),
    createCommandEncoder: () => ({ beginComputePass: () => pass, finish: () => ({}) }),
    queue: {
      submit: () => {},
      onSubmittedWorkDone: () => {
        const ms = typeof passMs === 'number' ? (passMs * groups) / 256 : Number.POSITIVE_INFINITY
        groups = 0
        log.push('read')
        return new Promise<void>((resolve) => ms < 1e6 && setTimeout(resolve, ms))
      },
    },
  }
  const requestDevice = async () => {
    log.push('device')
    if (device === 'fails') throw new Error('lost')
    if (device === 'hangs') await new Promise<void>((resolve) => (give = resolve))
    return made
  }
  const found = adapter === null ? null : { info, requestDevice }
  const requestAdapter = () => (adapter === 'hangs' ? new Promise(() => {}) : Promise.resolve(found))
  return { gpu: { requestAdapter } as unknown as Pick<GPU, 'requestAdapter'>, log, give: () => give() }
}

const MiBps = (rate: number | undefined): number => Math.round((rate ?? 0) / MiB)

describe('the bandwidth of a GPU', () => {
  for (const [passMs, expected] of [
    [1, 64_000],
    [10, 6400],
    [100, 640],
  ] as const) {
    it(`that reads 64 MiB in ${passMs} ms is ${expected} MiB/s`, async () => {
      using clock = VirtualClock.install()
      const { gpu, log } = fakeGPU({ passMs })
      const begun = clock.now()
      const rate = await clock.until(probeBandwidth({ gpu, now: () => clock.now() }))
      assert.equal(MiBps(rate), expected)
      assert.equal(log.at(-1), 'destroy')
      assert.ok(clock.now() - begun <= 300)
    })
  }

  it('is at most what it would have been, had it ended in time', async () => {
    using clock = VirtualClock.install()
    const { gpu, log } = fakeGPU({ passMs: 900 })
    const begun = clock.now()
    const rate = await clock.until(probeBandwidth({ gpu, now: () => clock.now() }))
    assert.equal(clock.now() - begun, 300)
    assert.ok(MiBps(rate) > 64 / 0.9 && MiBps(rate) < 64 / 0.25, `${MiBps(rate)} MiB/s`)
    assert.equal(log.at(-1), 'destroy')
  })

  for (const [which, options] of [
    ['has no adapter', { adapter: null }],
    ['never says whether it has an adapter', { adapter: 'hangs' }],
    ['gives no device', { device: 'fails' }],
    ['hangs before it has read anything', { passMs: 'never' }],
  ] as const) {
    it(`is not known of one that ${which}`, async () => {
      using clock = VirtualClock.install()
      const { gpu, log } = fakeGPU(options)
      const begun = clock.now()
      assert.equal(await clock.until(probeBandwidth({ gpu, now: () => clock.now() })), undefined)
      assert.ok(clock.now() - begun <= 300)
      if (log.includes('read')) assert.equal(log.at(-1), 'destroy')
    })
  }

  for (const info of [{ isFallbackAdapter: true }, { vendor: 'google', architecture: 'swiftshader' }]) {
    it(`is never looked for on a software adapter: ${JSON.stringify(info)}`, async () => {
      const { gpu, log } = fakeGPU({ info })
      assert.equal(await probeBandwidth({ gpu }), undefined)
      assert.deepEqual(log, [])
    })
  }

  it('is not known where the probe is given up, and the GPU is freed at once', async () => {
    using clock = VirtualClock.install()
    const { gpu, log } = fakeGPU({ passMs: 20 })
    const controller = new AbortController()
    const begun = clock.now()
    setTimeout(() => controller.abort(), 45)
    const rate = await clock.until(probeBandwidth({ gpu, signal: controller.signal, now: () => clock.now() }))
    assert.deepEqual([rate, clock.now() - begun, log.at(-1)], [undefined, 45, 'destroy'])
    assert.equal(await probeBandwidth({ gpu, signal: controller.signal }), undefined)
  })

  it('frees a device that comes too late', async () => {
    using clock = VirtualClock.install()
    const { gpu, log, give } = fakeGPU({ device: 'hangs' })
    assert.equal(await clock.until(probeBandwidth({ gpu, now: () => clock.now() })), undefined)
    assert.deepEqual(log, ['device'])
    give()
    await new Promise(setImmediate)
    assert.deepEqual(log, ['device', 'destroy'])
  })
})
