/** How overlapping calls share one model. */
import { collect } from './collect.ts'
import { begun, expect, rejection, rejectsWith } from './expect.ts'
import type { Checks } from './kit.ts'
import { brief, same } from './requests.ts'

export const queueing: Checks = ({ subject, withAnswers }) => {
  const request = brief(subject.request)
  return [
    withAnswers(
      'overlapping calls run one after another, and one that is aborted in the queue never starts',
      async ({ loaded }) => {
        const controller = new AbortController()
        const before = subject.generatedTokens()
        const first = begun(collect(loaded, request))
        const reason = new Error('changed my mind')
        const waits = () => collect(loaded, request, controller.signal)
        const second = begun(rejectsWith('generate() that is aborted in the line', reason, waits))
        const third = begun(collect(loaded, request))
        controller.abort(reason)
        await second
        const [a, c] = await Promise.all([first, third])
        same(subject, a, c, 'the first and the third are whole')
        const generated = subject.generatedTokens() - before
        const counted = a.done.usage.completionTokens + c.done.usage.completionTokens
        expect(generated === counted, `two answers are ${counted} tokens, and ${generated} were generated`)
      },
    ),

    withAnswers(
      'overlapping calls are answered in the order in which they came, and do not mix',
      async ({ loaded }) => {
        const order: string[] = []
        const ask = async (name: string): Promise<void> => {
          for await (const _ of loaded.generate({ ...request, maxTokens: 8 })) {
            if (order.at(-1) !== name) order.push(name)
          }
        }
        await Promise.all(['first', 'second', 'third'].map(ask))
        expect(order.join() === 'first,second,third', `the order is first, second, third, not ${order}`)
      },
    ),

    withAnswers('the next in the line begins when the one before is aborted, or left', async ({ loaded }) => {
      const whole = await collect(loaded, request)
      const controller = new AbortController()
      const aborted = loaded.generate(request, { signal: controller.signal })[Symbol.asyncIterator]()
      await aborted.next()
      const left = loaded.generate(request)[Symbol.asyncIterator]()
      const next = begun(left.next())
      const last = begun(collect(loaded, request))
      const reason = new Error('enough')
      controller.abort(reason)
      await rejectsWith('generate() that is aborted while another waits', reason, () => aborted.next())
      expect((await next).done === false, 'the second begins')
      await left.return?.()
      same(subject, whole, await last, 'the third is whole')
    }),

    withAnswers('a call that is refused, or aborted in the line, holds nobody up', async ({ loaded }) => {
      const controller = new AbortController()
      const running = begun(collect(loaded, { ...request, maxTokens: 8 }))
      const baseless = () => collect(loaded, { ...request, continueFinalMessage: true })
      const refused = begun(rejection("continueFinalMessage after a user's message", baseless))
      const reason = new Error('never mind')
      const waits = () => collect(loaded, request, controller.signal)
      const aborted = begun(rejectsWith('generate() that is aborted in the line', reason, waits))
      const last = begun(collect(loaded, { ...request, maxTokens: 8 }))
      controller.abort(reason)
      await aborted
      await refused
      same(subject, await running, await last, 'the first and the last are equal')
    }),
  ]
}
