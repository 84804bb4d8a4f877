import type { ModelInfo } from '../wire.ts'

/** A registry entry for tests: a small chat model of the engine "fake" that runs on any device. */
export function testModel(over: Partial<ModelInfo> = {}): ModelInfo {
  return {
    id: 'tiny',
    name: 'Tiny',
    framework: 'fake',
    parameters: '10M',
    quantization: 'q8',
    sizeBytes: 1_000_000,
    contextWindow: 512,
    minRAMGB: 0.1,
    minDeviceTier: 'mobile',
    capabilities: ['chat'],
    ...over,
  }
}
