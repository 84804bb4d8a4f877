/** What an answer is. */
import type { EngineRequest } from '../../engine/engine.ts'
import type { ChatMessage } from '../../wire.ts'
import { collect } from './collect.ts'
import { deepFreeze, expect, pause } from './expect.ts'
import type { Checks } from './kit.ts'
import { brief, goesOn, isExact, same, textOf } from './requests.ts'

export const generating: Checks = ({ subject, withAnswers }) => {
  const { request } = subject
  return [
    withAnswers('a greedy answer is whole, counted and repeatable', async ({ loaded }) => {
      const first = await collect(loaded, request)
      const second = await collect(loaded, request)
      same(subject, first, second, 'two greedy answers are equal')
      for (const { text, deltas, done } of [first, second]) {
        const { finishReason, usage } = done
        expect(text !== '', 'there is text')
        expect(finishReason === 'stop', `it ends with stop, not ${finishReason}`)
        expect(usage.completionTokens >= 16, `the answer has 16 tokens, not ${usage.completionTokens}`)
        expect(deltas > 2, `it comes in pieces, not in ${deltas}`)
      }
      const [one, two] = [first, second].map(({ done }) => done.usage.promptTokens)
      expect(one === two, `the same prompt has as many tokens, not ${one} and ${two}`)
    }),

    withAnswers('an answer is over when it is done', async ({ loaded }) => {
      const events = loaded.generate({ ...request, maxTokens: 4 })[Symbol.asyncIterator]()
      for (let next = await events.next(); next.value?.type !== 'done'; next = await events.next()) {
        expect(!next.done, 'there is a done')
      }
      for (let again = 0; again < 2; again++) expect((await events.next()).done === true, 'nothing comes after done')
      expect((await events.return?.())?.done !== false, 'and it can be left')
    }),

    withAnswers('maxTokens is honoured', async ({ loaded }) => {
      const whole = await collect(loaded, brief(request))
      for (const maxTokens of [1, 4]) {
        const { text, done } = await collect(loaded, { ...request, maxTokens })
        const { completionTokens } = done.usage
        expect(done.finishReason === 'length', `it ends with length, not ${done.finishReason}`)
        expect(completionTokens === maxTokens, `it has ${maxTokens} tokens, not ${completionTokens}`)
        expect(!isExact(subject) || whole.text.startsWith(text), 'it is the beginning of the whole answer')
      }
    }),

    withAnswers('maxTokens may be as large as the context window', async ({ loaded }) => {
      const maxTokens = subject.model.contextWindow || request.maxTokens
      const { done } = await collect(loaded, { ...request, maxTokens })
      expect(['stop', 'length'].includes(done.finishReason), `it ends as any other, not with ${done.finishReason}`)
    }),

    withAnswers('the request is left as it was', async ({ loaded, supports }) => {
      const stop = supports.stop ? { stop: ['never there'] } : {}
      const parts = request.messages.map((message) => ({
        ...message,
        content: [{ type: 'text', text: textOf(message) }],
      }))
      for (const messages of [parts as ChatMessage[], goesOn(request, 'An answer.')]) {
        const given = structuredClone({ ...request, ...stop, messages, maxTokens: 4 })
        const before = JSON.stringify(given)
        await collect(loaded, given)
        expect(JSON.stringify(given) === before, 'it is unchanged')
        await collect(loaded, deepFreeze(given))
      }
    }),

    withAnswers('nothing starts before the answer is asked for', async ({ loaded }) => {
      const before = subject.generatedTokens()
      const idle = loaded.generate(request)
      await pause()
      expect(subject.generatedTokens() === before, 'nothing was generated')
      await collect(loaded, { ...request, maxTokens: 1 }) // and nobody waits for it
      await idle[Symbol.asyncIterator]().return?.()
      await collect(loaded, { ...request, maxTokens: 1 })
    }),

    withAnswers('text parts are joined without a separator', async ({ loaded }) => {
      const { messages, ...rest } = brief(request)
      const parts = messages.map((message) => {
        const points = Array.from(textOf(message))
        const middle = Math.ceil(points.length / 2)
        const halves = [points.slice(0, middle), points.slice(middle)]
        const content = halves.map((half) => ({ type: 'text', text: half.join('') }))
        return { ...message, content } as ChatMessage
      })
      const plain = await collect(loaded, brief(request))
      const parted = await collect(loaded, { ...rest, messages: parts })
      same(subject, plain, parted, 'the answer is the same')
      const [one, two] = [plain, parted].map(({ done }) => done.usage.promptTokens)
      expect(one === two, `the prompt has as many tokens, not ${one} and ${two}`)
    }),

    withAnswers('a conversation goes on: the second turn has the first before it', async ({ loaded }) => {
      const first = await collect(loaded, { ...request, maxTokens: 8 })
      const second = await collect(loaded, { ...request, messages: goesOn(request, first.text), maxTokens: 8 })
      const [one, two] = [first, second].map(({ done }) => done.usage.promptTokens)
      expect((two ?? 0) > (one ?? 0), `its prompt is longer, not ${two} tokens after ${one}`)
      const again = await collect(loaded, { ...request, maxTokens: 8 })
      same(subject, first, again, 'and nothing of it is left for the next conversation')
    }),

    withAnswers('a default that is spelt out asks for nothing', async ({ loaded }) => {
      const plain = await collect(loaded, brief(request))
      const defaults: Partial<EngineRequest> = { stop: [], tools: [] }
      const spelt = await collect(loaded, {
        ...brief(request),
        ...defaults,
        responseFormat: { type: 'text' },
        continueFinalMessage: false,
      })
      same(subject, plain, spelt, 'the answer is the same')
    }),

    withAnswers('a hundred short answers leave nothing behind', async ({ loaded }) => {
      await collect(loaded, { ...request, maxTokens: 1 })
      const held = (await subject.resources?.()) ?? 0
      let counted = 0
      for (let i = 0; i < 100; i++) {
        const { done } = await collect(loaded, { ...request, maxTokens: 1 })
        counted += done.usage.completionTokens
      }
      expect(counted === 100, `each has one token, not ${counted} together`)
      const after = (await subject.resources?.()) ?? 0
      expect(after <= held, `nothing more is held than after the first, not ${after} instead of ${held}`)
    }),
  ]
}
