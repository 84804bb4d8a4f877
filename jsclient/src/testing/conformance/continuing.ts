/** What goes on from what was said before: an answer that was begun, and a conversation whose prompt is still in memory. */
import type { EngineRequest } from '../../engine/engine.ts'
import { collect } from './collect.ts'
import { expect, fails, rejection } from './expect.ts'
import type { Checks } from './kit.ts'
import { goesOn, isExact, same } from './requests.ts'

export const continuing: Checks = ({ subject, withAnswers }) => {
  const { request } = subject
  return [
    withAnswers('an answer that was begun goes on where it was cut', async ({ loaded, supports, skip }) => {
      if (!supports.continuation) return skip('it does not support continuation')
      const whole = await collect(loaded, request)
      // Cut between two words: inside a word the cut text has other tokens than the model wrote.
      const cut = whole.text.indexOf(' ', whole.text.length / 2)
      const begun = cut < 0 ? whole.text : whole.text.slice(0, cut)
      const messages: EngineRequest['messages'] = [...request.messages, { role: 'assistant', content: begun }]
      const { text, done } = await collect(loaded, { ...request, messages, continueFinalMessage: true })
      expect(!isExact(subject) || begun + text === whole.text, `${JSON.stringify(text)} is the rest of the answer`)
      expect(done.finishReason === 'stop', `the rest ends with stop, not ${done.finishReason}`)
      const baseless = () => collect(loaded, { ...request, continueFinalMessage: true })
      await fails("continueFinalMessage after a user's message", baseless, 'generate', ['unsupported'])
    }),

    withAnswers(
      'a prompt that goes on from the last answer is partly cached, and the answer the same',
      async (trial) => {
        const { loaded, supports, skip, fresh } = trial
        if (!supports.prefixCache) return skip('it does not support prefixCache')
        const first = await collect(loaded, request)
        const second: EngineRequest = { ...request, messages: goesOn(request, first.text), maxTokens: 24 }
        const cached = await collect(loaded, second)
        const { cachedTokens } = cached.done.usage
        expect((cachedTokens ?? 0) > 0, `some of its prompt was cached, not ${cachedTokens} tokens`)
        const warm = await collect(loaded, second)
        const cold = await fresh((other) => collect(other, second))
        same(subject, cached, cold, 'it is as without a cache')
        same(subject, warm, cold, 'so it is once more')
      },
    ),

    withAnswers('what is cached of one conversation is never taken for another', async (trial) => {
      const { loaded, supports, skip, fresh } = trial
      if (!supports.prefixCache) return skip('it does not support prefixCache')
      const first: EngineRequest = { ...request, maxTokens: 24 }
      const other: EngineRequest = { ...first, messages: [{ role: 'user', content: 'Hello!' }] }
      const longer: EngineRequest = { ...first, messages: goesOn(request, 'Something else.') }
      const controller = new AbortController()
      const broken = async (asked: EngineRequest): Promise<void> => {
        for await (const _ of loaded.generate(asked, { signal: controller.signal })) controller.abort()
      }
      const answers = [await collect(loaded, first), await collect(loaded, other), await collect(loaded, first)]
      await rejection('an answer that is aborted', () => broken(longer))
      answers.push(await collect(loaded, other), await collect(loaded, longer), await collect(loaded, first))
      const cold = new Map<EngineRequest, string>()
      for (const asked of [first, other, longer])
        cold.set(asked, (await fresh((engine) => collect(engine, asked))).text)
      for (const [i, asked] of [first, other, first, other, longer, first].entries()) {
        const text = answers[i]?.text
        expect(!isExact(subject) || text === cold.get(asked), `answer ${i + 1} is as without a cache, not "${text}"`)
      }
    }),
  ]
}
