import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FakeServer, type FakeServerOptions } from '../../src/testing/fake-server.ts'
import type { ChatMessage } from '../../src/wire.ts'

const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }]

const post = ({ fetch, baseURL }: FakeServer, body: object) =>
  fetch(`${baseURL}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

describe('a fake server continues', () => {
  const native = { subject: { rolloutBucket: 0, server: { continuation: 'native' } } } as const
  const wish = { continue_final_message: true, add_generation_prompt: false }
  const begun = (content: ChatMessage['content'], role = 'assistant') => [...messages, { role, content }]
  const setup = (options: FakeServerOptions = {}) => new FakeServer({ snapshot: native, ...options })
  const parts: ChatMessage['content'] = [
    { type: 'text', text: 'Hello' },
    { type: 'text', text: ' fr' },
  ]

  for (const [content, options, rest] of [
    ['', {}, ['Hello', ' from', ' afar']],
    ['Hello', {}, [' from', ' afar']],
    ['Hello ', {}, ['from', ' afar']],
    ['Hello fr', {}, ['om', ' afar']],
    [parts, {}, ['om', ' afar']],
    ['Hello from afar', {}, []],
    ['Hi', {}, ['Hello', ' from', ' afar']],
    ['a b', { answer: ['a ', 'b c', '', ' d'] }, [' c', ' d']],
    ['Hello from', { faults: [{ does: 'echo' }] }, ['Hello', ' from', ' afar']],
    ['Hello fr', { faults: [{ does: 'echo', path: '/generate' }] }, ['om', ' afar']],
  ] satisfies [ChatMessage['content'], FakeServerOptions, string[]][]) {
    test(`${JSON.stringify(content)} ${JSON.stringify(options)}`, async () => {
      const asked = { messages: begun(content), ...wish }
      const whole = await (await post(setup(options), asked)).json()
      assert.equal(whole.choices[0].message.content, rest.join(''))
      assert.equal(whole.choices[0].finish_reason, 'stop')
      const stream = await (await post(setup(options), { ...asked, stream: true })).text()
      const said = stream.match(/(?<=data: )\{.*/g)?.map((data) => JSON.parse(data).choices[0].delta.content)
      assert.deepEqual(said?.filter(Boolean), rest)
    })
  }

  test('and counts what was begun in the prompt, and in the answer what it says', async () => {
    const ask = async (more: object) => {
      const { usage, choices } = await (await post(setup(), { messages, ...more })).json()
      return [usage.prompt_tokens, usage.completion_tokens, choices[0].finish_reason]
    }
    const asked = { ...wish, messages: begun('Hello') }
    assert.deepEqual(await ask({}), [4, 3, 'stop'])
    assert.deepEqual(await ask(asked), [5, 2, 'stop'])
    assert.deepEqual(await ask({ ...asked, max_tokens: 2 }), [5, 2, 'stop'])
    assert.deepEqual(await ask({ ...asked, max_tokens: 1 }), [5, 1, 'length'])
  })

  test('what it may stop at', async () => {
    const asked = { ...wish, messages: begun('Hello'), stop: ' afar' }
    const { choices } = await (await post(setup(), asked)).json()
    assert.deepEqual([choices[0].message.content, choices[0].finish_reason], [' from', 'stop'])
  })

  test('only what it is asked to', async () => {
    for (const more of [{}, { continue_final_message: false }, { continue_final_message: 'yes' }]) {
      const { choices } = await (await post(setup(), { messages: begun('Hello'), ...more })).json()
      assert.equal(choices[0].message.content, 'Hello from afar')
    }
  })

  for (const [name, options, body, code, param] of [
    ['what it cannot', { snapshot: {} }, wish, 'unsupported_parameter', 'continue_final_message'],
    ['what a user said', {}, { ...wish, messages }, 'invalid_value', 'continue_final_message'],
    ['a turn that is to be opened', {}, { continue_final_message: true }, 'invalid_value', 'add_generation_prompt'],
    ['by half a wish', {}, { ...wish, add_generation_prompt: true }, 'invalid_value', 'add_generation_prompt'],
    ['by a wish of another type', {}, { ...wish, add_generation_prompt: 0 }, 'invalid_type', 'add_generation_prompt'],
  ] as const) {
    test(`nothing: ${name}`, async () => {
      const answer = await post(setup(options), { messages: begun('Hello'), ...body })
      const { error } = await answer.json()
      assert.deepEqual([answer.status, error.code, error.param], [400, code, param])
    })
  }
})
