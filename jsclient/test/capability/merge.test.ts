import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mergeDevices } from '../../src/capability/merge.ts'
import type { DeviceCapabilities } from '../../src/wire.ts'

const real = { vendor: 'nvidia', architecture: 'ampere' }
const software = { vendor: 'google', architecture: 'swiftshader', isFallbackAdapter: true }

describe('mergeDevices', () => {
  const cases: [name: string, window: DeviceCapabilities, worker: DeviceCapabilities, merged: DeviceCapabilities][] = [
    ['nothing', {}, {}, {}],
    ['the worker fills gaps', { isMobile: true }, { hasWebGL2: true }, { isMobile: true, hasWebGL2: true }],
    ["the window's form factor wins", { isTablet: true }, { isTablet: false }, { isTablet: true }],
    [
      "the worker's adapter wins, and its tier",
      { hasWebGPU: true, gpu: real, gpuTier: 'high' },
      { hasWebGPU: true, gpu: software, gpuTier: 'none' },
      { hasWebGPU: true, gpu: software, gpuTier: 'none' },
    ],
    [
      'on one adapter the window knows the tier better',
      { hasWebGPU: true, gpu: real, gpuTier: 'high' },
      { hasWebGPU: true, gpu: real, gpuTier: 'medium' },
      { hasWebGPU: true, gpu: real, gpuTier: 'high' },
    ],
    [
      'no adapter in the worker is no WebGPU; the tier is left to what the window draws with',
      { hasWebGPU: true, gpu: real, gpuTier: 'high' },
      { hasWebGPU: false },
      { hasWebGPU: false, gpuTier: 'high' },
    ],
    [
      'a worker that found nothing out leaves the word of the window',
      { hasWebGPU: true, gpu: real, gpuTier: 'high', hasWebNN: true, crossOriginIsolated: true },
      { gpuTier: 'low' },
      { hasWebGPU: true, gpu: real, gpuTier: 'high', hasWebNN: true, crossOriginIsolated: true },
    ],
    [
      'what runs in the worker is its to say',
      { hasWebNN: true, crossOriginIsolated: false },
      { hasWebNN: false, crossOriginIsolated: true },
      { hasWebNN: false, crossOriginIsolated: true },
    ],
  ]
  for (const [name, window, worker, merged] of cases) {
    test(name, () => assert.deepEqual(mergeDevices(window, worker), merged))
  }
})
