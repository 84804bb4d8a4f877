// What a page says of its engines' ability to honour a request, before any of them sees it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { capableEngines, refusal } from '../../src/client/capable.ts'
import { FIELDS } from '../../src/client/fields.ts'
import type { ChatRequest } from '../../src/client/options.ts'
import { prepare } from '../../src/client/prepare.ts'
import type { Engine, EngineSupport } from '../../src/engine/engine.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import type { ChatMessage } from '../../src/wire.ts'

const EVERYTHING: EngineSupport = {
  tools: true,
  jsonSchema: true,
  images: true,
  logprobs: false,
  temperature: true,
  topP: true,
  seed: true,
  stop: true,
  n: 1,
  continuation: true,
  prefixCache: true,
  contextWindow: 0,
}

const hi: ChatMessage = { role: 'user', content: 'hi' }
const call = { id: 't', type: 'function', function: { name: 'f', arguments: '{}' } } as const
const calls: ChatMessage = { role: 'assistant', content: null, tool_calls: [call] }
const tools: ChatRequest['tools'] = [{ type: 'function', function: { name: 'f' } }]
const picture: ChatMessage = { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] }

/** Abilities that no request takes: one changes no answer, and the others no engine can have. */
const IDLE = ['prefixCache', 'n', 'logprobs'] as const satisfies (keyof EngineSupport)[]
type Idle = (typeof IDLE)[number]

/** Requests by the ability that they take, and the field of `EngineRequest` that takes it. */
const DEMANDS: Record<Exclude<keyof EngineSupport, Idle>, [param: string, ...Partial<ChatRequest>[]]> = {
  tools: [
    'tools',
    { tools },
    { tools, tool_choice: 'none' },
    { messages: [hi, calls, hi] },
    { messages: [hi, { role: 'tool', tool_call_id: 't', content: '' }] },
  ],
  jsonSchema: [
    'responseFormat',
    { response_format: { type: 'json_object' } },
    { response_format: { type: 'json_schema', json_schema: { name: 's' } } },
  ],
  images: ['messages', { messages: [picture] }],
  temperature: ['temperature', { temperature: 0 }, { temperature: 0.7 }],
  topP: ['topP', { top_p: 0.99 }],
  seed: ['seed', { seed: 0 }, { seed: 7 }],
  stop: ['stop', { stop: 'END' }, { stop: ['END'] }],
  continuation: ['continueFinalMessage', { continue_final_message: true }],
  contextWindow: ['', { promptTokens: 90, max_tokens: 11 }],
}

/** What asks for nothing, by field, beside null. */
const IDLES: Partial<Record<keyof typeof FIELDS, unknown[]>> = {
  top_p: [1],
  stop: ['', [], ['']],
  response_format: [{ type: 'text' }],
  tools: [[]],
  tool_choice: ['auto', 'none'],
  continue_final_message: [false],
  add_generation_prompt: [true],
  parallel_tool_calls: [true, false],
  n: [1],
  logprobs: [false],
  top_logprobs: [0],
  frequency_penalty: [0],
  presence_penalty: [0],
  logit_bias: [{}],
  modalities: [[], ['text']],
  functions: [[]],
  model: ['auto'],
  user: ['me'],
  metadata: [{ a: 'b' }],
}

/** Requests by the field in them that no engine takes. */
const FOREIGN: Record<string, Partial<ChatRequest>> = {
  n: { n: 2 },
  logprobs: { logprobs: true },
  top_logprobs: { top_logprobs: 1 },
  frequency_penalty: { frequency_penalty: 0.1 },
  presence_penalty: { presence_penalty: -1 },
  logit_bias: { logit_bias: { '4': 1 } },
  add_generation_prompt: { add_generation_prompt: false },
  parallel_tool_calls: { tools, parallel_tool_calls: false },
  reasoning_effort: { reasoning_effort: 'low' },
  verbosity: { verbosity: 'low' },
  modalities: { modalities: ['text', 'audio'] },
  audio: { audio: { voice: 'v' } },
  prediction: { prediction: {} },
  moderation: { moderation: {} },
  web_search_options: { web_search_options: {} },
  functions: { functions: [{}] },
  function_call: { function_call: 'auto' },
}

/** An engine that says no more of itself than this. */
const engineOf = (supports: Partial<EngineSupport>, name = 'acme/able'): Engine =>
  Object.assign(new FakeEngine({ name }), { supports })

/** One that lacks an ability, or has a window of 100 tokens. */
function without(ability: keyof EngineSupport): Engine {
  const { [ability]: _, ...supports } = EVERYTHING
  return engineOf(ability === 'contextWindow' ? { ...supports, contextWindow: 100 } : supports, 'acme/lacking')
}

const ask = (fields: Partial<ChatRequest>) => prepare({ messages: [hi], ...fields })
const able = engineOf(EVERYTHING)

describe('a request', () => {
  for (const ability of Object.keys(DEMANDS) as (keyof typeof DEMANDS)[]) {
    const [param, ...requests] = DEMANDS[ability]
    for (const fields of requests) {
      it(`takes ${ability}: ${JSON.stringify(fields)}`, () => {
        assert.equal(capableEngines([able], ask(fields)), undefined)
        assert.deepEqual(capableEngines([without(ability), able], ask(fields)), ['acme/able'])
        assert.equal(refusal(without(ability), ask(fields))?.param ?? '', param)
        assert.equal(refusal(able, ask(fields)), undefined)
      })
    }
  }

  it('can ask for every ability but three', () => {
    assert.deepEqual([...Object.keys(DEMANDS), ...IDLE].sort(), Object.keys(EVERYTHING).sort())
  })

  it('asks for nothing where it says what goes without saying', () => {
    for (const [name, field] of Object.entries(IDLES)) {
      for (const value of [null, ...field]) {
        const fields = { [name]: value }
        assert.equal(capableEngines([engineOf({})], ask(fields)), undefined, JSON.stringify(fields))
        assert.deepEqual(ask(fields).wishes, { engine: { messages: [hi] }, needs: {}, foreign: undefined })
      }
    }
    const plain = {
      tools: [],
      tool_choice: 'none',
      parallel_tool_calls: false,
      user: 'me',
      model: 'auto',
      extraBody: {},
    }
    assert.equal(capableEngines([engineOf({})], ask(plain as Partial<ChatRequest>)), undefined)
  })

  it('leaves out of what engines get what goes without saying', () => {
    const { engine } = ask({
      tools,
      tool_choice: 'auto',
      parallel_tool_calls: true,
      stop: ['', 'END'],
      top_p: 1,
    }).wishes
    assert.deepEqual(engine, { messages: [hi], tools, stop: ['END'] })
    assert.deepEqual(ask({ tools, tool_choice: 'none' }).wishes.engine.toolChoice, 'none')
    const wishes: Partial<ChatRequest> = {
      temperature: 0,
      seed: 0,
      top_p: 0.5,
      stop: 'END',
      continue_final_message: true,
    }
    assert.deepEqual(ask({ ...wishes, add_generation_prompt: false }).wishes, {
      engine: { messages: [hi], temperature: 0, seed: 0, topP: 0.5, stop: ['END'], continueFinalMessage: true },
      needs: {},
      foreign: undefined,
    })
  })

  it('can not call a tool that it does not have', () => {
    assert.equal(refusal(engineOf({}), ask({ tool_choice: 'required' }))?.param, 'toolChoice')
  })

  it('is for the server where it has a field that no engine takes', () => {
    const fields = Object.keys(FIELDS).filter((field) => FIELDS[field as keyof typeof FIELDS].by === 'server')
    assert.deepEqual(Object.keys(FOREIGN).sort(), fields.sort())
    for (const [name, wish] of Object.entries(FOREIGN)) {
      assert.deepEqual(capableEngines([able, able], ask(wish)), [], name)
      assert.equal(refusal(able, ask(wish))?.param, name)
    }
    assert.deepEqual(capableEngines([able], ask({ extraBody: { top_k: 4 } })), [])
    assert.equal(refusal(able, ask({ extraBody: { top_k: 0 } }))?.param, 'top_k')
  })

  it('names as many engines as the server reads, and as much of their names', () => {
    const engines = Array.from({ length: 18 }, (_, i) => engineOf(i === 0 ? {} : EVERYTHING, `acme/${i}`))
    const expected = Array.from({ length: 16 }, (_, i) => `acme/${i + 1}`)
    assert.deepEqual(capableEngines(engines, ask({ seed: 1 })), expected)
    const long = `${'x'.repeat(63)}\u{1f600}`
    assert.deepEqual(capableEngines([engineOf({}), engineOf(EVERYTHING, long)], ask({ seed: 1 })), ['x'.repeat(63)])
  })

  it('has room in a window that is just full, and plans for 256 tokens where it names no limit', () => {
    const roomy = (contextWindow: number, fields: Partial<ChatRequest>) =>
      capableEngines([engineOf({ contextWindow })], ask(fields)) === undefined
    assert.deepEqual(
      [roomy(101, { promptTokens: 90, max_tokens: 11 }), roomy(100, { promptTokens: 90, max_tokens: 11 })],
      [true, false],
    )
    assert.deepEqual([roomy(266, { promptTokens: 10 }), roomy(265, { promptTokens: 10 })], [true, false])
    // 800 code points are some 200 tokens.
    const long = { messages: [{ role: 'user', content: 'a'.repeat(800) }] satisfies ChatMessage[], max_tokens: 1 }
    assert.deepEqual([roomy(201, long), roomy(200, long)], [true, false])
  })

  it('that is local-only is for engines that are certainly on the device', () => {
    const local = ask({ privacy: 'local-only' })
    const unsure = new FakeEngine({ name: 'acme/unsure', onDevice: false })
    const engines = [new FakeEngine(), unsure, new FakeEngine({ name: 'acme/here', onDevice: true })]
    assert.deepEqual(capableEngines(engines, local), ['fake', 'acme/here'])
    assert.equal(refusal(unsure, local)?.param, 'privacy')
    assert.equal(capableEngines(engines, ask({})), undefined)
  })

  it('finds all of no engines able', () => assert.equal(capableEngines([], ask({ temperature: 1 })), undefined))
})
