import { parseSnapshot } from '../../src/policy/index.ts'
import { POLICIES } from '../../src/policy/policies/index.ts'
import type { ModelInfo, PolicySpec, Snapshot } from '../../src/wire.ts'

export const model: ModelInfo = {
  id: 'm1',
  name: 'M1',
  framework: 'transformers.js',
  parameters: '1B',
  quantization: 'q4',
  sizeBytes: 700_000_000,
  contextWindow: 2048,
  minRAMGB: 1,
  minDeviceTier: 'mobile',
  capabilities: ['chat'],
}

/** Every policy that the page can evaluate, with its default options. */
export const builtin: PolicySpec[] = [...POLICIES.keys()].map((name) => ({ name }))

/** A snapshot of one model and the default policies. */
export function snapshot(over: object = {}): Snapshot {
  return parseSnapshot({
    schema: 1,
    revision: 'r',
    policies: builtin,
    limits: {},
    models: [model],
    subject: { rolloutBucket: 3, server: {} },
    ...over,
  })
}
