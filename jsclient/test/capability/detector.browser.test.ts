/** The detector in Chromium: with and without an adapter, in a worker, as a phone, and where the origin is insecure. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { DeviceCapabilities, State } from '../../src/wire.ts'
import { type Harness, startHarness } from '../browser/harness.ts'

const bundles = { '/page.js': fileURLToPath(new URL('pages/detector-page.ts', import.meta.url)) }

describe('with a software adapter', () => {
  let harness: Harness
  before(async () => {
    harness = await startHarness({ bundles, flags: ['--enable-unsafe-webgpu'] })
  })
  after(() => harness.close())

  test('in the window', async () => {
    await using opened = await harness.open()
    const device = await opened.call<DeviceCapabilities>('/page.js', 'detect')
    assert.deepEqual([device.hasWebGPU, device.hasWebGL2, device.gpuTier], [true, true, 'none'])
    assert.equal(device.gpu?.isFallbackAdapter, true)
    assert.equal(device.gpu?.architecture, 'swiftshader')
    assert.ok((device.gpu?.limits?.maxBufferSize ?? 0) >= 2 ** 28)
    assert.deepEqual([device.isMobile, device.isTablet, device.isDesktop], [false, false, true])
    assert.equal(device.browserName, 'chrome')
    assert.match(device.browserVersion ?? '', /^\d{3}$/)
    assert.ok((device.storageQuotaMB ?? 0) > 0)
    assert.equal(device.estimatedAvailableRAMGB, (device.deviceMemoryGB ?? 0) / 2)
    assert.deepEqual(opened.errors, [])
  })

  test('in a worker, and merged', async () => {
    await using opened = await harness.open()
    const { worker, merged } = await opened.call<{ worker: DeviceCapabilities; merged: DeviceCapabilities }>(
      '/page.js',
      'detectBoth',
      '/page.js',
    )
    assert.deepEqual([worker.hasWebGPU, worker.hasWebGL2, worker.browserName], [true, true, 'chrome'])
    assert.deepEqual(merged.gpu, worker.gpu)
    assert.equal(merged.isDesktop, true)
  })

  interface Seen {
    rate?: number
    devices: number
  }

  test('nobody looks how fast it reads its memory', async () => {
    await using opened = await harness.open()
    assert.deepEqual(await opened.call<Seen>('/page.js', 'bandwidth'), { rate: undefined, devices: 0 })
  })

  test('its memory could be read, were it a real one', async () => {
    await using opened = await harness.open()
    const { rate = 0, devices } = await opened.call<Seen>('/page.js', 'bandwidth', { vendor: 'acme' })
    assert.equal(devices, 1)
    assert.ok(rate > 0 && Number.isFinite(rate), `${rate} bytes per second`)
    assert.deepEqual(opened.errors, [])
  })

  test('contexts are given back: many detections lose no context of the page', async () => {
    await using opened = await harness.open()
    const lost = await opened.page.evaluate(async (url) => {
      const gl = document.createElement('canvas').getContext('webgl2')
      const { detect } = (await import(url)) as { detect(): Promise<unknown> }
      for (let i = 0; i < 20; i++) await detect()
      return gl?.isContextLost()
    }, `${harness.server.origin}/page.js`)
    assert.equal(lost, false)
  })

  test('as a phone', async () => {
    await using opened = await harness.open()
    const session = await opened.context.newCDPSession(opened.page)
    await session.send('Emulation.setUserAgentOverride', {
      userAgent:
        'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36',
      userAgentMetadata: {
        mobile: true,
        platform: 'Android',
        platformVersion: '15',
        architecture: '',
        model: 'Pixel 9',
        brands: [{ brand: 'Google Chrome', version: '156' }],
      },
    })
    const device = await opened.call<DeviceCapabilities>('/page.js', 'detect')
    assert.deepEqual([device.isMobile, device.isTablet, device.isDesktop], [true, false, false])
  })

  test('saveData and offline', async () => {
    await using opened = await harness.open()
    const session = await opened.context.newCDPSession(opened.page)
    await session.send('Emulation.setDataSaverOverride', { dataSaverEnabled: true })
    const online = await opened.call<State>('/page.js', 'state')
    assert.equal(online.network?.saveData, true)
    assert.equal(online.network?.offline, undefined)
    assert.deepEqual(online.battery, { levelPermille: 1000, charging: true })
    await opened.context.setOffline(true)
    const offline = await opened.page.evaluate(async (url) => {
      const { state } = (await import(url)) as { state(): Promise<State> }
      return state()
    }, `${harness.server.origin}/page.js`)
    assert.equal(offline.network?.offline, true)
  })
})

test('without the flag there is no adapter, and on an insecure origin not even the question', async (t) => {
  const harness = await startHarness({ bundles, flags: ['--host-resolver-rules=MAP insecure.test 127.0.0.1'] })
  t.after(() => harness.close())
  await using opened = await harness.open()
  const blocked = await opened.call<DeviceCapabilities>('/page.js', 'detect')
  assert.deepEqual([blocked.hasWebGPU, blocked.gpu, blocked.hasWebGL2], [false, undefined, true])

  const insecure = harness.server.origin.replace('127.0.0.1', 'insecure.test').replace('localhost', 'insecure.test')
  await opened.page.goto(insecure)
  const device = await opened.page.evaluate(async (url) => {
    const { detect } = (await import(url)) as { detect(): Promise<DeviceCapabilities> }
    return detect()
  }, `${insecure}/page.js`)
  assert.deepEqual([device.hasWebGPU, device.storageQuotaMB], [false, undefined])
  assert.deepEqual([device.browserName, device.isDesktop], ['chrome', true])
})
