/** What an engine declares beyond text, it does, as far as the model can. */
import type { ChatTool } from '../../wire.ts'
import { collect } from './collect.ts'
import { expect, unlessRefused } from './expect.ts'
import type { Checks } from './kit.ts'
import { SCHEMA } from './requests.ts'

const name = 'get_weather'

const tools: ChatTool[] = [
  {
    type: 'function',
    function: {
      name,
      description: 'Tells the weather of a city.',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
]

export const honouring: Checks = ({ subject: { request, model }, withAnswers }) => [
  withAnswers('a JSON Schema binds the answer', async ({ loaded, supports, skip }) => {
    if (!supports.jsonSchema || !model.supports?.jsonSchema) return skip('its model does not support JSON Schema')
    const json_schema = { name: 'answer', schema: SCHEMA, strict: true }
    const { text, done } = await collect(loaded, { ...request, responseFormat: { type: 'json_schema', json_schema } })
    expect(done.finishReason === 'stop', `an answer with a JSON Schema ends with stop, not ${done.finishReason}`)
    const answer = JSON.parse(text) as { yes?: unknown }
    expect(typeof answer.yes === 'boolean' && Object.keys(answer).length === 1, `${text} is of the schema`)
  }),

  withAnswers('a tool that must be called is called, or refused', async ({ loaded, supports, skip }) => {
    if (!supports.tools) return skip('it does not support tools')
    const asked = { ...request, tools, toolChoice: { type: 'function', function: { name } } } as const
    const answer = await unlessRefused('generate() with a tool to call', () => collect(loaded, asked))
    if (!answer) return
    const { finishReason, toolCalls = [] } = answer.done
    expect(finishReason === 'tool_calls', `an answer that must call a tool ends with tool_calls, not ${finishReason}`)
    const called = toolCalls.map((call) => call.function.name)
    expect(called.length > 0 && called.every((one) => one === name), `it calls ${name}, not ${called}`)
  }),
]
