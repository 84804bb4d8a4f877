/** What an engine can't honour, it says. */
import type { EngineRequest } from '../../engine/engine.ts'
import { isEngineUnsupportedError } from '../../errors/engine-unsupported-error.ts'
import type { ChatMessage } from '../../wire.ts'
import { collect } from './collect.ts'
import { expect, expectEngineError, rejection } from './expect.ts'
import type { AnswerTrial, Checks } from './kit.ts'
import { brief, same } from './requests.ts'

const schema = {
  type: 'object',
  properties: { yes: { type: 'boolean' } },
  required: ['yes'],
  additionalProperties: false,
}

const picture: ChatMessage = {
  role: 'user',
  content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,' } }],
}

/** Requests by what an engine must declare to be asked them. */
function demands({ supports }: AnswerTrial): [supported: boolean, Partial<EngineRequest>][] {
  return [
    [supports.tools, { tools: [{ type: 'function', function: { name: 'f' } }] }],
    [supports.jsonSchema, { responseFormat: { type: 'json_schema', json_schema: { name: 's', schema } } }],
    [supports.continuation, { continueFinalMessage: true }],
    [supports.images, { messages: [picture] }],
    [supports.temperature, { temperature: 0.7 }],
    [supports.topP, { topP: 0.9 }],
    [supports.seed, { seed: 7 }],
    [supports.stop, { stop: ['never there'] }],
  ]
}

export const refusing: Checks = ({ subject, withAnswers }) => {
  const { request, model } = subject
  return [
    withAnswers('what cannot be honoured is refused before anything is generated', async (trial) => {
      const before = subject.generatedTokens()
      for (const [supported, ask] of demands(trial)) {
        if (supported) continue
        const [field = ''] = Object.keys(ask)
        const error = await rejection(() => collect(trial.loaded, { ...request, ...ask }), `${field} is refused`)
        expect(isEngineUnsupportedError(error), `${field} is an EngineUnsupportedError, not ${error}`)
        expectEngineError(error, 'generate', ['unsupported'])
        expect(error.param.startsWith(field), `the error names ${field}, not ${error.param}`)
      }
      expect(subject.generatedTokens() === before, 'nothing was generated')
    }),

    withAnswers('after a refusal an answer is whole', async (trial) => {
      const { loaded, skip } = trial
      const refused = demands(trial).filter(([supported]) => !supported)
      if (refused.length === 0) return skip('it supports everything')
      const before = await collect(loaded, brief(request))
      for (const [, ask] of refused) await rejection(() => collect(loaded, { ...request, ...ask }))
      same(subject, before, await collect(loaded, brief(request)), 'it is as before')
    }),

    withAnswers('a JSON Schema binds the answer', async ({ loaded, supports, skip }) => {
      if (!supports.jsonSchema || !model.supports?.jsonSchema) return skip('its model does not support JSON Schema')
      const json_schema = { name: 'answer', schema, strict: true }
      const { text, done } = await collect(loaded, { ...request, responseFormat: { type: 'json_schema', json_schema } })
      expect(done.finishReason === 'stop', `it ends with stop, not ${done.finishReason}`)
      const answer = JSON.parse(text) as { yes?: unknown }
      expect(typeof answer.yes === 'boolean' && Object.keys(answer).length === 1, `${text} is of the schema`)
    }),
  ]
}
