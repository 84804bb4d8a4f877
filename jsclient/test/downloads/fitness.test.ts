// What a device can't run is neither offered nor downloaded.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isModelLoadError } from '../../src/errors/engine-model-load-error.ts'
import { testModel } from '../../src/testing/model.ts'
import type { DeviceCapabilities, ModelInfo } from '../../src/wire.ts'
import { rejection } from '../client/setup.ts'
import { openTab, user } from './tabs.ts'

const GPU: ModelInfo['requires'] = { gpu: 'webgpu', features: ['shader-f16'], minBufferBytes: 1 << 20 }
const model = testModel({ requires: GPU })

/** A device that has it all. */
const FIT: DeviceCapabilities = {
  hasWebGPU: true,
  gpu: { features: ['shader-f16'], limits: { maxBufferSize: 1 << 20 } },
}

describe('a model that the device can not run', () => {
  for (const [which, device, code, names] of [
    ['for want of an adapter', { hasWebGPU: false }, 'no_webgpu', /WebGPU/],
    ['for want of a feature', { hasWebGPU: true, gpu: { features: [] } }, 'insufficient_gpu', /shader-f16/],
    [
      'for want of large buffers',
      { ...FIT, gpu: { ...FIT.gpu, limits: { maxBufferSize: 1000 } } },
      'insufficient_gpu',
      /maxBufferSize is 1000, 1048576/,
    ],
  ] satisfies [string, DeviceCapabilities, string, RegExp][]) {
    it(`${which} is refused before anybody is asked`, async (t) => {
      const onOffer = user(true)
      const { enter, engine } = openTab(t, { onOffer, capabilities: () => device })
      const error = await rejection(enter({ model }))
      assert.ok(isModelLoadError(error), String(error))
      assert.equal(error.code, code)
      assert.match(error.message, names)
      assert.equal(onOffer.offers.length, 0)
      assert.equal(await engine.status(model), 'absent')
    })
  }
})

describe('a model is offered', () => {
  for (const [where, device, wanted] of [
    ['where the device has all that it needs', FIT, model],
    ['where nothing is known of the device', undefined, model],
    ['where nothing is known of its GPU', { hasWebGPU: true }, model],
    ['where it needs no GPU', { hasWebGPU: false }, testModel()],
  ] satisfies [string, DeviceCapabilities | undefined, ModelInfo][]) {
    it(where, async (t) => {
      const onOffer = user(true)
      const { enter } = openTab(t, { onOffer, capabilities: () => device })
      ;(await enter({ model: wanted })).end()
      assert.equal(onOffer.offers.length, 1)
    })
  }
})
