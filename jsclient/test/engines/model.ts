import type { ModelInfo } from '../../src/wire.ts'

/** A registry entry for tests. */
export function testModel(over: Partial<ModelInfo> = {}): ModelInfo {
  return {
    id: 'test-model',
    name: 'Test model',
    framework: 'test',
    parameters: '1M',
    quantization: 'q8',
    sizeBytes: 1_000_000,
    contextWindow: 512,
    minRAMGB: 0.1,
    minDeviceTier: 'mobile',
    capabilities: ['chat'],
    ...over,
  }
}
