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
  logprobs: true,
  temperature: true,
  topP: true,
  seed: true,
  stop: true,
  n: 4,
  continuation: true,
  prefixCache: true,
  contextWindow: 0,
}

const hi: ChatMessage = { role: 'user', content: 'hi' }
const call = { id: 't', type: 'function', function: { name: 'f', arguments: '{}' } } as const
const calls: ChatMessage = { role: 'assistant', content: null, tool_calls: [call] }
const tools: ChatRequest['tools'] = [{ type: 'function', function: { name: 'f' } }]
const picture: ChatMessage = { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] }

/** Requests by the ability that they take, and the field of `EngineRequest` that takes it. */
const DEMANDS: Record<Exclude<keyof EngineSupport, 'prefixCache'>, [param: string, ...Partial<ChatRequest>[]]> = {
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
  logprobs: ['logprobs', { logprobs: true }],
  temperature: ['temperature', { temperature: 0 }, { temperature: 0.7 }],
  topP: ['topP', { top_p: 0.99 }],
  seed: ['seed', { seed: 0 }, { seed: 7 }],
  stop: ['stop', { stop: 'END' }, { stop: ['END'] }],
  n: ['n', { n: 2 }],
  continuation: ['continueFinalMessage', { continue_final_message: true }],
  contextWindow: ['', { promptTokens: 90, max_tokens: 11 }],
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

  it('can ask for every ability but one, which changes no answer', () => {
    assert.deepEqual([...Object.keys(DEMANDS), 'prefixCache'].sort(), Object.keys(EVERYTHING).sort())
  })

  it('takes nothing where it says what goes without saying', () => {
    const plain: Partial<ChatRequest> = {
      ...{ temperature: null, top_p: 1, seed: null, stop: [], n: 1, tools: [], tool_choice: 'none', logprobs: false },
      ...{ response_format: { type: 'text' }, continue_final_message: false, frequency_penalty: 0, logit_bias: {} },
      ...{ user: 'me', model: 'auto', metadata: { a: 'b' }, extraBody: {} },
    }
    assert.equal(capableEngines([engineOf({})], ask(plain)), undefined)
    assert.equal(capableEngines([engineOf({})], ask({ ...plain, stop: '', top_p: null })), undefined)
  })

  it('is for the server where it has a field that no engine takes', () => {
    const fields = Object.keys(FIELDS).filter((field) => FIELDS[field as keyof typeof FIELDS] === 'server')
    assert.ok(fields.length > 5)
    for (const field of fields) {
      assert.deepEqual(capableEngines([able, able], ask({ [field]: 1 })), [], field)
      assert.equal(refusal(able, ask({ [field]: 1 }))?.param, field)
    }
    assert.deepEqual(capableEngines([able], ask({ extraBody: { top_k: 4 } })), [])
    assert.equal(refusal(able, ask({ extraBody: { top_k: 0 } }))?.param, 'top_k')
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
