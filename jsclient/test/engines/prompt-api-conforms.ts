/** The conformance suite over a fake browser. */
import { describe, test } from 'node:test'
import type { EngineRequest } from '../../src/engine/engine.ts'
import type { PromptAPIOptions } from '../../src/engines/prompt-api/index.ts'
import { promptAPI } from '../../src/engines/prompt-api/index.ts'
import type { SubjectFault } from '../../src/testing/conformance.ts'
import { engineChecks } from '../../src/testing/conformance.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { FakeBrowser, FakeOptions } from './language-model.ts'
import { createFakeBrowser, install } from './language-model.ts'
import { testModel } from './model.ts'

const model = testModel({
  id: 'built-in',
  framework: 'prompt-api',
  contextWindow: 0,
  sizeBytes: 0,
  supports: { jsonSchema: true },
})
const request: EngineRequest = { messages: [{ role: 'user', content: 'count' }], maxTokens: 64 }

/** `over`: what the request says besides, such as a temperature where there is one. */
export function conforms(
  kind: string,
  fake: FakeOptions,
  options: PromptAPIOptions,
  over: Partial<EngineRequest>,
): void {
  describe(`prompt-api conforms: ${kind}`, () => {
    const browser = createFakeBrowser(fake)
    const checks = engineChecks({
      create: () => promptAPI(options),
      model,
      request: { ...request, ...over },
      generatedTokens: () => browser.generated,
      resources: () => browser.live.size,
      downloads: () => browser.downloads,
      crash: () => browser.crash(),
      faults: faults(browser),
    })
    for (const check of checks) {
      test(check.name, async (t) => {
        using _ = VirtualClock.install() // Its timers of 0 ms take a turn of the event loop, not a millisecond.
        const remove = install(browser)
        try {
          await check.run(t)
        } finally {
          remove()
        }
      })
    }
  })
}

function faults(browser: FakeBrowser): SubjectFault[] {
  const failing = (name: string) => new DOMException(`a fault: ${name}`, name)
  const state = (availability: FakeBrowser['availability'], activated: boolean) => () =>
    void Object.assign(browser, { availability, activated })
  return [
    {
      name: 'no model',
      model,
      codes: ['unavailable'],
      begin: state('unavailable', true),
      mend: state('available', false),
    },
    {
      name: 'no click',
      model,
      codes: ['activation_required'],
      hasCause: true,
      begin: state('downloadable', false),
      mend: state('downloadable', true),
    },
    {
      name: 'a click too early: another page downloads',
      model,
      codes: ['activation_required'],
      begin: state('downloading', false),
      mend: state('available', false),
    },
    {
      name: 'the connection breaks',
      model,
      codes: ['download_failed'],
      hasCause: true,
      begin() {
        state('downloadable', true)()
        browser.faults.download = failing('NetworkError')
      },
      mend() {},
    },
    {
      name: 'the disk is full',
      model,
      codes: ['quota_exceeded'],
      hasCause: true,
      begin: () => void Object.assign(browser.faults, { create: failing('QuotaExceededError') }),
      mend() {},
    },
    {
      name: 'the model does not start',
      model,
      codes: ['load_failed'],
      hasCause: true,
      begin: () => void Object.assign(browser.faults, { create: failing('OperationError') }),
      mend() {},
    },
    {
      name: 'a prompt is too long',
      model,
      request: { messages: [{ role: 'user', content: 'much '.repeat(500) }], maxTokens: 8 },
      codes: ['context_length_exceeded'],
    },
    {
      name: 'the history is too long',
      model,
      request: { messages: [{ role: 'system', content: 'much '.repeat(500) }, ...request.messages], maxTokens: 8 },
      codes: ['context_length_exceeded'],
      hasCause: true,
    },
    {
      name: 'the model fails in mid-answer',
      model,
      request,
      codes: ['generate_failed'],
      hasCause: true,
      begin: () => void Object.assign(browser.faults, { generate: { after: 3, error: failing('UnknownError') } }),
    },
  ]
}
