import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EngineManager } from '../../src/engine/manager.ts'
import { EngineError, type EngineErrorCode } from '../../src/errors/engine-error.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { rejection } from './setup.ts'
import { MODEL } from './wire-server.ts'

/** The codes that there are, without the strings that may come. */
type Known<Code> = Code extends string ? (string extends Code ? never : Code) : never

/** Whether a failure is the model's on this device: complete, or it does not compile. */
const COUNTS: Record<Known<EngineErrorCode>, boolean> = {
  not_installed: false,
  misconfigured: false,
  worker_failed: false,
  protocol: false,
  insecure_context: false,
  unavailable: false,
  activation_required: false,
  no_webgpu: true,
  insufficient_gpu: true,
  declined: false,
  metered_network: false,
  model_not_found: false,
  download_failed: false,
  invalid_files: true,
  quota_exceeded: true,
  out_of_memory: true,
  load_failed: true,
  not_loaded: false,
  unsupported: false,
  context_length_exceeded: false,
  stalled: true,
  interrupted: true,
  generate_failed: true,
  lost: true,
}

describe('what counts against a model', () => {
  for (const [code, counts] of [...Object.entries(COUNTS), ['acme_broke', true] as const]) {
    it(`${code}: ${counts ? 'yes' : 'no'}`, async () => {
      const engine = new FakeEngine()
      const failure = new EngineError('it failed', { stage: 'load', code })
      engine.load = () => Promise.reject(failure)
      const manager = new EngineManager({ engines: [engine] })
      assert.equal(await rejection(manager.load(MODEL)), failure)
      assert.equal(manager.states().tiny?.failures, counts ? 1 : undefined)
    })
  }
})
