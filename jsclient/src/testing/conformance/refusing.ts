/** What an engine can't honour, it says. */
import type { EngineRequest } from '../../engine/engine.ts'
import { isEngineUnsupportedError } from '../../errors/engine-unsupported-error.ts'
import type { ChatMessage } from '../../wire.ts'
import { collect } from './collect.ts'
import { expect, fails, rejection } from './expect.ts'
import type { AnswerTrial, Checks } from './kit.ts'
import { brief, SCHEMA, same } from './requests.ts'

const picture: ChatMessage = {
  role: 'user',
  content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,' } }],
}

/** Requests by what an engine must declare to be asked them. */
function demands({ supports }: AnswerTrial): [supported: boolean, Partial<EngineRequest>][] {
  return [
    [supports.tools, { tools: [{ type: 'function', function: { name: 'f' } }] }],
    [supports.jsonSchema, { responseFormat: { type: 'json_schema', json_schema: { name: 's', schema: SCHEMA } } }],
    [supports.continuation, { continueFinalMessage: true }],
    [supports.images, { messages: [picture] }],
    [supports.temperature, { temperature: 0.7 }],
    [supports.topP, { topP: 0.9 }],
    [supports.seed, { seed: 7 }],
    [supports.stop, { stop: ['never there'] }],
  ]
}

export const refusing: Checks = ({ subject, withAnswers }) => {
  const { request } = subject
  return [
    withAnswers('what cannot be honoured is refused before anything is generated', async (trial) => {
      const before = subject.generatedTokens()
      for (const [supported, ask] of demands(trial)) {
        if (supported) continue
        const [field = ''] = Object.keys(ask)
        const call = `generate() with ${field}, which is not declared,`
        const run = () => collect(trial.loaded, { ...request, ...ask })
        const error = await fails(call, run, 'generate', ['unsupported'])
        expect(isEngineUnsupportedError(error), `${call} rejects with an EngineUnsupportedError, not ${error}`)
        expect(error.param.startsWith(field), `${call} rejects with param ${field}, not ${error.param}`)
      }
      expect(subject.generatedTokens() === before, 'a refusal generates nothing')
    }),

    withAnswers('after a refusal an answer is whole', async (trial) => {
      const { loaded, skip } = trial
      const refused = demands(trial).filter(([supported]) => !supported)
      if (refused.length === 0) return skip('it supports everything')
      const before = await collect(loaded, brief(request))
      for (const [, ask] of refused) {
        await rejection(`generate() with ${Object.keys(ask)}`, () => collect(loaded, { ...request, ...ask }))
      }
      same(subject, before, await collect(loaded, brief(request)), 'an answer after a refusal is as before')
    }),
  ]
}
