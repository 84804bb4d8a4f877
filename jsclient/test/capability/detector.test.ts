import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CapabilityDetector } from '../../src/capability/detector.ts'
import type { DetectorEnvironment, GPUAdapterLike, NavigatorLike } from '../../src/capability/environment.ts'
import type { DeviceCapabilities } from '../../src/wire.ts'

const GiB = 1024 ** 3

const swiftShader: GPUAdapterLike = {
  info: { vendor: 'google', architecture: 'swiftshader', description: '', isFallbackAdapter: true },
  features: new Set(['timestamp-query', 'bgra8unorm-storage']),
  limits: {
    maxBufferSize: GiB,
    maxStorageBufferBindingSize: GiB,
    maxStorageBuffersPerShaderStage: 10,
    maxComputeWorkgroupStorageSize: 32768,
    maxBindGroups: 4,
  },
}

function canvas(renderer: string, log: string[] = []): NonNullable<DetectorEnvironment['createCanvas']> {
  const extensions: Record<string, unknown> = {
    WEBGL_debug_renderer_info: {},
    WEBGL_lose_context: { loseContext: () => log.push('lost') },
  }
  const gl = {
    getExtension: (name: string) => extensions[name],
    getParameter: (name: number) => (name === 0x9246 ? renderer : 'WebKit WebGL'),
  }
  return () => ({ getContext: () => gl })
}

/** Chromium without a screen or a GPU. */
const headless: NavigatorLike = {
  userAgent:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36',
  userAgentData: {
    brands: [
      { brand: 'Chromium', version: '156' },
      { brand: 'HeadlessChrome', version: '156' },
      { brand: 'Not_A Brand', version: '99' },
    ],
    mobile: false,
    platform: 'Linux',
  },
  maxTouchPoints: 0,
  hardwareConcurrency: 2,
  deviceMemory: 16,
  connection: { type: 'unknown', effectiveType: '4g', saveData: false },
  storage: { estimate: async () => ({ quota: 10 * GiB, usage: 1024 * 1024 + 1 }) },
  gpu: { requestAdapter: async () => swiftShader },
}

function detect(environment: DetectorEnvironment, timeoutMs?: number): Promise<DeviceCapabilities> {
  return new CapabilityDetector({ environment, timeoutMs }).detect()
}

test('a whole device', async () => {
  const log: string[] = []
  const environment = {
    navigator: headless,
    createCanvas: canvas('Google SwiftShader', log),
    crossOriginIsolated: false,
  }
  assert.deepEqual(await detect(environment), {
    hasWebGPU: true,
    hasWebGL2: true,
    hasWebNN: false,
    gpuTier: 'none',
    gpu: {
      vendor: 'google',
      architecture: 'swiftshader',
      isFallbackAdapter: true,
      features: ['bgra8unorm-storage', 'timestamp-query'],
      limits: {
        maxBufferSize: GiB,
        maxStorageBufferBindingSize: GiB,
        maxStorageBuffersPerShaderStage: 10,
        maxComputeWorkgroupStorageSize: 32768,
      },
    },
    deviceMemoryGB: 16,
    estimatedAvailableRAMGB: 8,
    isMobile: false,
    isTablet: false,
    isDesktop: true,
    browserName: 'chrome',
    browserVersion: '156',
    storageQuotaMB: 10238,
    hardwareConcurrency: 2,
    connectionType: '4g',
    crossOriginIsolated: false,
  })
  assert.deepEqual(log, ['lost'], 'the WebGL context is given back')
})

test('nothing at all: everything is unknown', async () => {
  assert.deepEqual(await detect({}), {})
})

test('in this Node: no GPU interface, and nothing is made up', async () => {
  const { browserName, hardwareConcurrency, ...rest } = await new CapabilityDetector().detect()
  assert.equal(rest.hasWebGL2, undefined)
  assert.equal(rest.hasWebGPU, false)
  assert.equal(rest.gpu, undefined)
})

describe('memory without navigator.deviceMemory is assumed by form factor', () => {
  const cases: [userAgent: string, touchPoints: number, ram: number | undefined][] = [
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/26.0 Mobile/15E148 Safari/604.1', 5, 2],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15', 5, 3],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15', 0, 4],
    ['', 0, undefined],
  ]
  for (const [userAgent, maxTouchPoints, ram] of cases) {
    test(`${ram}: ${userAgent.slice(13, 40)}`, async () => {
      const device = await detect({ navigator: { userAgent, maxTouchPoints } })
      assert.equal(device.estimatedAvailableRAMGB, ram)
      assert.equal(device.deviceMemoryGB, undefined)
    })
  }
})

describe('WebGPU', () => {
  const gpu = (requestAdapter: () => Promise<GPUAdapterLike | null>) =>
    detect({ navigator: { gpu: { requestAdapter } } }, 20)

  test('navigator.gpu without an adapter is no WebGPU', async () => {
    assert.equal((await gpu(async () => null)).hasWebGPU, false)
  })
  test('a request that fails is no WebGPU', async () => {
    assert.equal((await gpu(() => Promise.reject(new Error('lost')))).hasWebGPU, false)
  })
  test('a request that hangs leaves it unknown', async () => {
    const device = await gpu(() => new Promise(() => {}))
    assert.ok(!('hasWebGPU' in device))
  })
  test('isFallbackAdapter where older browsers put it', async () => {
    const device = await gpu(async () => ({ isFallbackAdapter: true, info: { vendor: 'x' } }))
    assert.equal(device.gpu?.isFallbackAdapter, true)
  })
  test('a software adapter that does not say so', async () => {
    const device = await gpu(async () => ({ info: { vendor: 'mesa', architecture: 'software' } }))
    assert.deepEqual(device.gpu, { vendor: 'mesa', architecture: 'software', isFallbackAdapter: true })
    assert.equal(device.gpuTier, 'none')
  })
  test('an adapter that says nothing is one all the same', async () => {
    const device = await gpu(async () => ({}))
    assert.deepEqual([device.hasWebGPU, device.gpu], [true, {}])
  })
})

describe('never throws', () => {
  test('when every member throws', async () => {
    const hostile = new Proxy({} as NavigatorLike, {
      get: (_, name) => {
        if (name === 'userAgent') return 'Mozilla/5.0'
        throw new Error(`${String(name)} is forbidden`)
      },
    })
    const createCanvas = (): never => {
      throw new Error('no canvas')
    }
    const device = await detect({ navigator: hostile, createCanvas }, 20)
    assert.equal(device.hasWebGL2, false)
  })

  test('when every promise rejects or hangs', async () => {
    for (const bad of [() => Promise.reject(new Error('no')), () => new Promise<never>(() => {})]) {
      const navigator: NavigatorLike = {
        userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/144.0',
        gpu: { requestAdapter: bad },
        storage: { estimate: bad },
        userAgentData: { platform: 'Android', mobile: true, getHighEntropyValues: bad },
        getBattery: bad,
      }
      const device = await detect({ navigator }, 20)
      assert.equal(device.browserName, 'firefox')
      assert.equal(device.isMobile, true)
      assert.ok(!('storageQuotaMB' in device))
    }
  })

  test('when it is aborted: what is known is the answer', async () => {
    const navigator: NavigatorLike = { ...headless, gpu: { requestAdapter: () => new Promise(() => {}) } }
    const detector = new CapabilityDetector({ environment: { navigator }, timeoutMs: 60_000 })
    const device = await detector.detect({ signal: AbortSignal.timeout(10) })
    assert.equal(device.browserName, 'chrome')
    assert.equal(device.isDesktop, true)
    assert.ok(!('hasWebGPU' in device))
    assert.equal((await detector.detect({ signal: AbortSignal.abort() })).hardwareConcurrency, 2)
  })
})

describe('with a worker', () => {
  const detector = new CapabilityDetector({ environment: { navigator: headless }, timeoutMs: 20 })

  test('its adapter wins', async () => {
    const device = await detector.detect({ worker: async () => ({ hasWebGPU: false, crossOriginIsolated: true }) })
    assert.equal(device.hasWebGPU, false)
    assert.equal(device.gpu, undefined)
    assert.equal(device.crossOriginIsolated, true)
    assert.equal(device.deviceMemoryGB, 16)
  })

  test('one that fails, throws or hangs changes nothing', async () => {
    const alone = await detector.detect()
    const workers = [
      () => Promise.reject(new Error('no worker')),
      () => new Promise<never>(() => {}),
      (): never => {
        throw new Error('no Worker here')
      },
    ]
    for (const worker of workers) assert.deepEqual(await detector.detect({ worker }), alone)
  })
})

describe('storage', () => {
  const cases: [name: string, estimate: { quota?: number; usage?: number }, mib: number | undefined][] = [
    ['is what is left', { quota: 100 * 1024 * 1024, usage: 40 * 1024 * 1024 }, 60],
    ['is not below zero', { quota: 1, usage: 5 }, 0],
    ['without usage', { quota: 3 * 1024 * 1024 }, 3],
    ['without a quota is unknown', {}, undefined],
  ]
  for (const [name, estimate, mib] of cases) {
    test(name, async () => {
      const device = await detect({ navigator: { storage: { estimate: async () => estimate } } })
      assert.equal(device.storageQuotaMB, mib)
    })
  }
})

describe('connection', () => {
  const cases: [connection: NavigatorLike['connection'], type: string | undefined][] = [
    [{ type: 'wifi', effectiveType: '4g' }, 'wifi'],
    [{ type: 'unknown', effectiveType: '3g' }, '3g'],
    [{ effectiveType: '4g' }, '4g'],
    [{}, undefined],
    [undefined, undefined],
  ]
  for (const [connection, type] of cases) {
    test(`${JSON.stringify(connection)} is ${type}`, async () => {
      assert.equal((await detect({ navigator: { connection } })).connectionType, type)
    })
  }
})
