/** What of the SDK's prompts a model gets. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LanguageModelV4Prompt } from '@ai-sdk/provider'
import { generateText, type ModelMessage } from 'ai'
import { edgewise } from '../../src/ai/index.ts'
import { chatMessages } from '../../src/ai/messages.ts'
import { isInvalidRequestError } from '../../src/errors/invalid-request-error.ts'
import { rejection } from '../client/setup.ts'
import { setup } from './setup.ts'

const PNG = 'iVBORw0KGgo='
const bytes = Uint8Array.from(atob(PNG), (char) => char.charCodeAt(0))

const messagesOf = (prompt: LanguageModelV4Prompt) => chatMessages(prompt, () => {})

describe('a prompt of generateText', () => {
  it('has images as addresses, whatever they were given as, and downloads none', async (t) => {
    const { client, asked } = setup(t)
    const files = [
      { type: 'file', data: new URL('https://images.test/a.png'), mediaType: 'image' },
      { type: 'file', data: bytes, mediaType: 'image/png' },
      { type: 'file', data: PNG, mediaType: 'image' },
    ] as const
    const messages: ModelMessage[] = [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, ...files] }]
    await generateText({ model: edgewise(client)(), messages })
    const inline = `data:image/png;base64,${PNG}`
    assert.deepEqual(asked()[0]?.messages[0]?.content, [
      { type: 'text', text: 'What is this?' },
      ...['https://images.test/a.png', inline, inline].map((url) => ({ type: 'image_url', image_url: { url } })),
    ])
  })

  it('has files of text as text', async (t) => {
    const { client, engine } = setup(t)
    const file = { type: 'file', data: new TextEncoder().encode('Grüezi'), mediaType: 'text/plain' } as const
    await generateText({ model: edgewise(client)(), messages: [{ role: 'user', content: [file] }] })
    assert.deepEqual(engine.requests[0]?.messages, [{ role: 'user', content: 'Grüezi' }])
  })

  it('is refused for a file that no message can hold', async (t) => {
    const { client, server } = setup(t)
    const file = { type: 'file', data: new Uint8Array(8), mediaType: 'application/pdf' } as const
    const model = edgewise(client)()
    const error = await rejection(generateText({ model, messages: [{ role: 'user', content: [file] }] }))
    assert.ok(isInvalidRequestError(error), String(error))
    assert.match(error.message, /application\/pdf/)
    assert.equal(server.requests.length, 0)
  })
})

describe('the messages of a prompt', () => {
  it('tell results of tools as text', () => {
    const result = { type: 'tool-result', toolCallId: 'c', toolName: 'f' } as const
    const outputs = [
      [{ type: 'text', value: 'sunny' }, 'sunny'],
      [{ type: 'json', value: { a: [1] } }, '{"a":[1]}'],
      [{ type: 'error-text', value: 'no such city' }, 'no such city'],
      [{ type: 'error-json', value: { code: 4 } }, '{"code":4}'],
      [{ type: 'execution-denied', reason: 'Not today.' }, 'Not today.'],
      [{ type: 'execution-denied' }, 'The user said no.'],
      [
        {
          type: 'content',
          value: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        'a\nb',
      ],
    ] as const
    for (const [output, content] of outputs) {
      const prompt = [{ role: 'tool', content: [{ ...result, output }] }] as unknown as LanguageModelV4Prompt
      assert.deepEqual(messagesOf(prompt), [{ role: 'tool', tool_call_id: 'c', content }])
    }
  })

  it('keep calls that ran at another provider together with their results', () => {
    const call = { toolCallId: 'c', toolName: 'search', providerExecuted: true } as const
    const messages = messagesOf([
      {
        role: 'assistant',
        content: [
          { type: 'tool-call', ...call, input: { q: 'x' } },
          { type: 'tool-result', ...call, output: { type: 'text', value: 'found' } },
          { type: 'text', text: 'There ' },
          { type: 'text', text: 'it is.' },
        ],
      },
    ])
    assert.deepEqual(messages, [
      {
        role: 'assistant',
        content: 'There it is.',
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'search', arguments: '{"q":"x"}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'found' },
    ])
  })

  it('leave out turns of which nothing is left, and say of what kind it was', () => {
    const dropped: string[] = []
    const prompt: LanguageModelV4Prompt = [
      { role: 'assistant', content: [{ type: 'reasoning', text: 'Hm.' }] },
      { role: 'tool', content: [{ type: 'tool-approval-response', approvalId: 'a', approved: true }] },
      { role: 'user', content: [] },
    ]
    assert.deepEqual(
      chatMessages(prompt, (what) => dropped.push(what)),
      [],
    )
    assert.deepEqual(dropped, ['reasoning of an earlier answer'])
  })

  it('carry no options of providers', () => {
    const providerOptions = { acme: { cache: true } }
    const content = [
      { type: 'text', text: 'a', providerOptions },
      { type: 'text', text: 'b' },
    ] as const
    const messages = messagesOf([{ role: 'user', content: [...content], providerOptions }])
    assert.deepEqual(messages, [{ role: 'user', content: content.map(({ type, text }) => ({ type, text })) }])
  })
})
