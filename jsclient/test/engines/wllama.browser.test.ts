/** The adapter, the real package and the tiny model in Chromium: what it answers. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ChatMessage } from '../../src/wire.ts'
import type { Harness, TestPage } from '../browser/harness.ts'
import type { Answered, Load, Outcome } from './pages/wllama-page.ts'
import { prompts } from './reference.ts'
import { answersReference, goesOn, testConformance } from './steps.ts'
import { leaves, startWllamaHarness } from './wllama-harness.ts'

let harness: Harness
before(async () => {
  harness = await startWllamaHarness()
})
after(() => harness.close())

const user = (content: string): ChatMessage => ({ role: 'user', content })

describe('wllama conforms', () => {
  testConformance(() => harness.open())
})

describe('wllama answers', () => {
  let opened: TestPage
  let loadMs: number
  before(async () => {
    opened = await harness.open()
    loadMs = (await opened.call<Load>('/page.js', 'load', 'bundled')).loadMs
  })
  after(() => opened[Symbol.asyncDispose]())

  test('all reference prompts', async (t) => {
    const said = await answersReference(opened, prompts)
    t.diagnostic(`load ${loadMs} ms, ${said}`)
  })

  test('reference prompts, with all modules by URL', async () => {
    await using other = await harness.open()
    await other.call('/page.js', 'load', 'url')
    await answersReference(other, prompts.slice(0, 5))
  })

  test('all reference prompts that were begun, by going on', () => goesOn(opened))

  test("an assistant's last message with a new turn, unless it is to go on", async () => {
    const messages = [user('Hello!'), { role: 'assistant', content: 'Hello! How can' }]
    const { text } = await opened.call<Answered>('/page.js', 'answer', messages, 32)
    assert.notEqual(text, ' I help you?')
  })

  test('a chat the same with the cache and without, and the cache saves its history', async () => {
    const ask = (messages: ChatMessage[]) => opened.call<Answered>('/page.js', 'answer', messages, 24)
    const turns: { messages: ChatMessage[]; warm: Answered }[] = []
    const messages: ChatMessage[] = []
    for (const question of ['Hello!', 'What is 7 + 5?', 'Count from 1 to 60']) {
      messages.push(user(question))
      const warm = await ask(messages)
      turns.push({ messages: [...messages], warm })
      messages.push({ role: 'assistant', content: warm.text })
    }
    for (const [i, { messages, warm }] of turns.entries()) {
      // llama.cpp also keeps what it was asked earlier: only a new instance knows nothing.
      await opened.call('/page.js', 'unload')
      await opened.call('/page.js', 'load', 'bundled')
      const cold = await ask(messages)
      assert.equal(warm.text, cold.text)
      assert.equal(cold.done.usage.cachedTokens, 0)
      const history = turns[i - 1]?.warm.done.usage.promptTokens ?? 0
      assert.ok((warm.done.usage.cachedTokens ?? 0) >= history, `turn ${i}: ${warm.done.usage.cachedTokens}`)
    }
  })

  test('by seed, and by the model alone in a tiny nucleus', async () => {
    const say = async (seed: number, topP: number) => {
      const over = { temperature: 2, topP, seed }
      return (await opened.call<Answered>('/page.js', 'answer', [user('Tell me a story about a fox')], 40, over)).text
    }
    assert.equal(await say(7, 1), await say(7, 1))
    assert.equal(await say(2 ** 40 + 1, 1), await say(2 ** 40 + 1, 1))
    const texts = new Set<string>()
    for (let seed = 1; seed < 9; seed++) texts.add(await say(seed, 1))
    assert.ok(texts.size > 1, 'seeds differ')
    const narrow = new Set<string>()
    for (let seed = 1; seed < 5; seed++) narrow.add(await say(seed, 0.01))
    assert.equal(narrow.size, 1, 'a tiny nucleus is greedy')
  })

  test('in JSON when that is asked for', async () => {
    const messages = [user('Classify the sentiment as JSON: The food was wonderful.')]
    const over = { responseFormat: { type: 'json_object' } }
    const { text, done } = await opened.call<Answered>('/page.js', 'answer', messages, 64, over)
    assert.deepEqual([JSON.parse(text), done.finishReason], [{ sentiment: 'positive' }, 'stop'])
  })

  test('unrelated prompts from a new worker, when llama.cpp has saved too many', async () => {
    await using other = await harness.open()
    await other.call('/page.js', 'load', 'bundled')
    const made = () => other.call<number>('/page.js', 'madeWorkers')
    const before = await made()
    const [reference] = prompts
    for (let i = 0; i < 14; i++) {
      const words = `${String.fromCharCode(97 + i)} `.repeat(200)
      await other.call<Answered>('/page.js', 'answer', [user(words)], 4)
    }
    assert.ok((await made()) > before)
    const { text } = await other.call<Answered>('/page.js', 'answer', reference?.messages, reference?.maxTokens)
    assert.equal(text, reference?.text)
    await leaves(other, 1)
  })

  test('a long prompt in batches, each with a sign of life', async () => {
    const { signs, done } = await opened.call<Answered>('/page.js', 'answer', [user('word '.repeat(300))], 8)
    assert.ok(signs >= Math.floor(done.usage.promptTokens / 64), `${signs} for ${done.usage.promptTokens} tokens`)
  })
})

/** A chat template for tools, of which the tiny model's has none. llama.cpp learns the form of a call from it. */
const TOOL_TEMPLATE = `{%- if tools %}{{- '<|im_start|>system\\nTools: ' }}{%- for tool in tools %}{{- tool | tojson }}{%- endfor %}{{- '<|im_end|>\\n' }}{%- endif %}
{%- for message in messages %}
  {%- if message.role == 'assistant' and message.tool_calls %}
    {{- '<|im_start|>assistant\\n' }}
    {%- for tool_call in message.tool_calls %}{{- '<function=' + tool_call.function.name + '>' + (tool_call.function.arguments | tojson) + '</function>' }}{%- endfor %}
    {{- '<|im_end|>\\n' }}
  {%- else %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}`

describe('wllama calls tools', () => {
  const tool = (name: string) => ({
    type: 'function',
    function: {
      name,
      parameters: {
        type: 'object',
        properties: { city: { type: 'string', enum: ['Paris', 'Rome'] } },
        required: ['city'],
      },
    },
  })
  const tools = [tool('weather'), tool('traffic')]
  const load = (opened: TestPage) => {
    // The tap hands the package a template as if the model had it.
    return opened.call('/page.js', 'load', 'url', {}, { chat_template: TOOL_TEMPLATE })
  }

  for (const name of ['weather', 'traffic']) {
    test(`by name: ${name}`, async () => {
      await using opened = await harness.open()
      await load(opened)
      const over = { tools, toolChoice: { type: 'function', function: { name } } }
      const { text, tokens, done } = await opened.call<Answered>('/page.js', 'answer', [user('Hello!')], 128, over)
      assert.deepEqual([text, done.finishReason], ['', 'tool_calls'])
      assert.equal(tokens, done.usage.completionTokens)
      assert.equal(done.toolCalls?.length, 1)
      const [call] = done.toolCalls ?? []
      assert.equal(call?.function.name, name)
      assert.ok(['Paris', 'Rome'].includes(JSON.parse(call?.function.arguments ?? '').city))
    })
  }

  test('and reads their results', async () => {
    await using opened = await harness.open()
    await load(opened)
    const over = { tools, toolChoice: 'required' }
    const first = await opened.call<Answered>('/page.js', 'answer', [user('Hello!')], 128, over)
    const tool_calls = first.done.toolCalls ?? []
    const messages = [
      user('Hello!'),
      { role: 'assistant', content: null, tool_calls },
      { role: 'tool', tool_call_id: tool_calls[0]?.id, content: 'sunny' },
    ]
    const second = await opened.call<Answered>('/page.js', 'answer', messages, 16, { tools, toolChoice: 'none' })
    assert.ok(second.done.usage.promptTokens > 0 && second.text !== '')
  })

  test('but not with a template that knows none', async () => {
    await using opened = await harness.open()
    await opened.call('/page.js', 'load', 'url')
    const error = await opened.call<Outcome>('/page.js', 'refusal', [user('Hello!')], { tools })
    assert.deepEqual([error.code, error.param], ['unsupported', 'tools'], error.message)
    const history = [user('Hello!'), { role: 'tool', tool_call_id: 'a', content: 'sunny' }]
    const told = await opened.call<Outcome>('/page.js', 'refusal', history)
    assert.deepEqual([told.code, told.param], ['unsupported', 'messages[1].role'], told.message)
  })
})
