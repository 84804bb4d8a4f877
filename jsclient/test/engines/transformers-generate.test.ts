/** Answers of the Transformers.js adapter over a stand-in for the package, for what the tiny model can't show. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EngineEvent, EngineRequest } from '../../src/engine/engine.ts'
import { generate } from '../../src/engines/transformers/generate.ts'
import type {
  CausalModel,
  GenerateArguments,
  GenerationConfig,
  KeyValues,
  KeyValueTensor,
  TransformersPeer,
} from '../../src/engines/transformers/peer.ts'
import { createPrefixCache } from '../../src/engines/transformers/prefix-cache.ts'
import { nucleusProcessor, samplingOf } from '../../src/engines/transformers/sampling.ts'
import type { ChatMessage } from '../../src/wire.ts'
import { testModel } from './model.ts'

/** A token a character. */
class Ids {
  readonly data: BigInt64Array
  constructor(ids: Iterable<bigint>) {
    this.data = BigInt64Array.from(ids)
  }
  slice(_rows: null, [from, to]: [number, number]): Ids {
    return new Ids(this.data.slice(from, to))
  }
}

class DynamicCache implements KeyValues {
  constructor(entries: Record<string, KeyValueTensor>) {
    Object.assign(this, entries)
  }
  update(entries: Record<string, KeyValueTensor>): void {
    Object.assign(this, entries)
  }
  get_seq_length(): number {
    const [first] = Object.values(this as object) as { tokens: number }[]
    return first?.tokens ?? 0
  }
}

/** Writes a text, and notes what it was asked. */
function setUp(writes: string, decode = (text: string) => text) {
  const asked: GenerateArguments[] = []
  const sizes: number[] = []
  const events: EngineEvent[] = []
  const controller = new AbortController()
  const options = { onRun() {} }
  const model: CausalModel = {
    config: {},
    async forward() {},
    async dispose() {},
    async generate(options_) {
      asked.push(options_)
      const { input_ids, past_key_values, streamer, max_new_tokens } = options_
      const ids = [...input_ids.data]
      streamer?.put([ids])
      for (const letter of writes.slice(0, max_new_tokens)) {
        options.onRun()
        controller.signal.throwIfAborted()
        sizes.push(ids.length - past_key_values.get_seq_length())
        const tensor = { location: 'cpu', tokens: ids.length, dispose() {} }
        past_key_values.update({ 'past_key_values.0.key': tensor })
        const id = BigInt(letter.charCodeAt(0))
        ids.push(id)
        streamer?.put([[id]])
      }
    },
  }
  const tokenizer = Object.assign(
    (text: string) => {
      const ids = new Ids([...text].map((letter) => BigInt(letter.charCodeAt(0))))
      return { input_ids: ids, attention_mask: ids }
    },
    {
      apply_chat_template: (messages: readonly { role: string; content: string }[]) =>
        `${messages.map(({ role, content }) => `${role === 'assistant' ? '<a>' : ''}${content}.`).join('')}<a>`,
      decode: (ids: readonly bigint[]) => decode(String.fromCharCode(...ids.map(Number))),
    },
  )
  const peer = {
    InterruptableStoppingCriteria: class {
      interrupt() {}
    },
    DynamicCache,
    random: { seed() {} },
  } as unknown as TransformersPeer
  const opening = [...'<a>'].map((letter) => BigInt(letter.charCodeAt(0)))
  const prefixCache = createPrefixCache(peer)
  const conversation = { tokenizer, model, info: testModel({ contextWindow: 0 }), prefixCache, opening }
  const ask = async (messages: ChatMessage[], over: Partial<EngineRequest> = {}) => {
    events.length = sizes.length = asked.length = 0
    const request = { messages, maxTokens: 64, ...over }
    const { signal } = controller
    const emit = (event: EngineEvent) => void events.push(event)
    await generate(peer, conversation, request, { signal, emit, caughtUp: async () => {} })
    return events.map((event) => (event.type === 'delta' ? event.text : '')).join('')
  }
  return { ask, asked, sizes, events, controller, options }
}

const user = (content: string): ChatMessage => ({ role: 'user', content })
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content })

describe('a long prompt', () => {
  test('is read in pieces with signs of life between, whatever is in the cache', async () => {
    const { ask, sizes, events } = setUp('Yes')
    const first = [user('x'.repeat(600))]
    assert.equal(await ask(first), 'Yes')
    // 604 tokens, and the last token of an answer is not run.
    assert.deepEqual(sizes, [256, 256, 92, 1, 1])
    const signs = (event: EngineEvent) => event.type === 'delta' && event.tokens === 0 && event.text === ''
    assert.deepEqual(events.map(signs), [true, true, false, false, false, false])

    const second = [...first, assistant('Yes'), user('y'.repeat(300))]
    await ask(second)
    // 308 more: "Yes.", the question and its full stop, and the opening.
    assert.deepEqual(sizes, [256, 52, 1, 1], 'it goes on where the first one opened the turn')
    await ask([user('other')])
    await ask(second)
    assert.deepEqual(sizes, [256, 256, 92, 256, 52, 1, 1], 'in the same pieces')
  })

  test('is left between two pieces when the call is aborted', async () => {
    const { ask, sizes, options, controller } = setUp('Yes')
    options.onRun = () => {
      if (sizes.length === 1) controller.abort(new Error('enough'))
    }
    await assert.rejects(ask([user('x'.repeat(900))]), { message: 'enough' })
    assert.deepEqual(sizes, [256])
  })
})

test('a text is gone on with, its seam included, and a new one begins without a space', async () => {
  const { ask } = setUp(' a time', (text) => text.replace(/^ /, ''))
  assert.equal(await ask([user('Hello'), assistant('Once upon')], { continueFinalMessage: true }), ' a time')
  assert.equal(await ask([user('Hello')]), 'a time')
})

describe('a token is picked', () => {
  const request: EngineRequest = { messages: [], maxTokens: 1 }
  const own: GenerationConfig = { do_sample: true, temperature: 0.6, top_k: 20 }

  test("as the request says, else the model's files, and never by the package's defaults", () => {
    assert.deepEqual(samplingOf(request, {}), { do_sample: false })
    assert.deepEqual(samplingOf(request, { ...own, do_sample: false }), { do_sample: false })
    assert.deepEqual(samplingOf({ ...request, temperature: 0 }, own), { do_sample: false })
    assert.deepEqual(samplingOf(request, own), { do_sample: true, temperature: 0.6, top_k: 20 })
    assert.deepEqual(samplingOf({ ...request, temperature: 1.5 }, own), {
      do_sample: true,
      temperature: 1.5,
      top_k: 20,
    })
    assert.deepEqual(samplingOf({ ...request, temperature: 1.5 }, {}), { do_sample: true, temperature: 1.5, top_k: 0 })
    assert.equal(samplingOf(request, { ...own, top_p: 0.9 }).logits_processor?.length, 1)
    assert.equal(samplingOf({ ...request, topP: 1 }, { ...own, top_p: 0.9 }).logits_processor, undefined)
  })

  test('from the nucleus of the highest', () => {
    const kept = (topK: number, topP: number) => {
      const data = Float32Array.from([0.4, 0.3, 0.2, 0.1], Math.log)
      nucleusProcessor(topK, topP)([[]], { data, dims: [1, data.length] })
      return data.filter(Number.isFinite).length
    }
    assert.equal(kept(0, 0.65), 2)
    assert.equal(kept(0, 0.85), 3)
    assert.equal(kept(2, 0.85), 2)
    assert.equal(kept(2, 0.5), 1, 'which are the whole')
  })
})
