/** How an answer is ended before the model ends it: by a stop text, an abort, or a caller who leaves. */
import type { EngineRequest } from '../../engine/engine.ts'
import { collect } from './collect.ts'
import { begun, expect, pause, rejectsWith } from './expect.ts'
import type { AnswerTrial, Checks } from './kit.ts'
import { brief, isExact, same } from './requests.ts'

/** Most tokens that may be generated after the end. */
const MOST_LATE = 5

export const stopping: Checks = ({ subject, withAnswers }) => {
  const { request } = subject

  /** Checks that the engine stops in time, when it was left at `tokens`; asks it for one more to see that it has. */
  const stopsInTime = async ({ loaded }: AnswerTrial, tokens: number): Promise<void> => {
    const next = await collect(loaded, { ...request, maxTokens: 1 })
    const late = subject.generatedTokens() - tokens - next.done.usage.completionTokens
    expect(late <= MOST_LATE, `an answer that is ended stops within ${MOST_LATE} tokens, not ${late}`)
  }

  return [
    withAnswers('a stop text ends the answer and is not part of it', async (trial) => {
      const { loaded, supports, skip } = trial
      if (!supports.stop) return skip('it does not support stop')
      const asked = brief(request, 48)
      const whole = await collect(loaded, asked)
      const points = Array.from(whole.text)
      const middle = Math.floor(points.length / 2)
      const stop = isExact(subject) ? points.slice(middle, middle + 5).join('') : ' '
      const before = subject.generatedTokens()
      const cut = await collect(loaded, { ...asked, stop: ['never there', stop] })
      expect(!cut.text.includes(stop), 'the stop text is not part of it')
      expect(!isExact(subject) || cut.text === whole.text.slice(0, whole.text.indexOf(stop)), 'it ends right before')
      expect(cut.done.finishReason === 'stop', `it ends with stop, not ${cut.done.finishReason}`)
      await stopsInTime(trial, before + cut.done.usage.completionTokens)
    }),

    withAnswers('a stop text is found across tokens, and its beginning never shown', async (trial) => {
      const { loaded, supports, skip } = trial
      if (!supports.stop) return skip('it does not support stop')
      if (!isExact(subject)) return skip('its answers are not exact')
      const asked = brief(request)
      const pieces: string[] = []
      for await (const event of loaded.generate(asked)) if (event.type === 'delta') pieces.push(event.text)
      const whole = pieces.join('')
      const points = Array.from(whole)
      const half = Math.floor(pieces.length / 2)
      for (const at of [half - 1, half, half + 1]) {
        const end = Array.from(pieces.slice(0, at).join('')).length
        const stop = points.slice(Math.max(0, end - 2), end + 2).join('')
        const { text, done } = await collect(loaded, { ...asked, stop: [stop] })
        const wanted = whole.slice(0, whole.indexOf(stop))
        expect(text === wanted, `it ends before ${JSON.stringify(stop)}: ${JSON.stringify([wanted, text])}`)
        expect(done.finishReason === 'stop', `it ends with stop, not ${done.finishReason}`)
      }
    }),

    withAnswers('a stop text that only begins to come is shown', async ({ loaded, supports, skip }) => {
      if (!supports.stop) return skip('it does not support stop')
      if (!isExact(subject)) return skip('its answers are not exact')
      const asked = brief(request)
      const whole = await collect(loaded, asked)
      const points = Array.from(whole.text)
      const stop = [`${points.slice(-3).join('')}and more`, `${points.slice(4, 8).join('')}\u0000`]
      const { text, done } = await collect(loaded, { ...asked, stop })
      expect(text === whole.text, `all of it is shown, also the end: ${JSON.stringify([whole.text, text])}`)
      expect(done.usage.completionTokens === whole.done.usage.completionTokens, 'and counted')
    }),

    withAnswers('an abort throws the reason and stops within five tokens', async (trial) => {
      const controller = new AbortController()
      const reason = new Error('enough')
      let deltas = 0
      let after = 0
      let atAbort = 0
      await rejectsWith('generate() that is aborted at its third delta', reason, async () => {
        for await (const event of trial.loaded.generate(request, { signal: controller.signal })) {
          if (controller.signal.aborted) after++
          if (event.type === 'delta' && ++deltas === 3) {
            atAbort = subject.generatedTokens()
            controller.abort(reason)
          }
        }
      })
      expect(after === 0, 'nothing comes after the abort')
      await stopsInTime(trial, atAbort)
    }),

    withAnswers('an abort is heard while the first token is awaited', async (trial) => {
      const controller = new AbortController()
      const reason = new Error('never mind')
      const events = trial.loaded.generate(request, { signal: controller.signal })[Symbol.asyncIterator]()
      const before = subject.generatedTokens()
      const call = 'generate() that is aborted before its first token'
      const first = begun(rejectsWith(call, reason, () => events.next()))
      controller.abort(reason)
      await first
      expect((await events.next()).done === true, `${call} yields nothing more`)
      await stopsInTime(trial, before)
    }),

    withAnswers('leaving the loop stops within five tokens', async (trial) => {
      let atBreak = 0
      for await (const event of trial.loaded.generate(request)) {
        expect(event.type === 'delta', 'text comes first')
        atBreak = subject.generatedTokens()
        await pause(40) // Time for an engine that does not wait for its caller to run ahead.
        break
      }
      await stopsInTime(trial, atBreak)
    }),

    withAnswers('an aborted signal starts nothing', async ({ loaded }) => {
      const before = subject.generatedTokens()
      const signal = AbortSignal.abort(new Error('never'))
      const ask = () => collect(loaded, request, signal)
      await rejectsWith('generate() with an aborted signal', signal.reason, ask)
      const { done } = await collect(loaded, { ...request, maxTokens: 1 })
      const generated = subject.generatedTokens() - before
      expect(generated === done.usage.completionTokens, `only the next call generated, not ${generated} tokens`)
    }),

    withAnswers('an abort between two answers changes neither', async ({ loaded }) => {
      const controller = new AbortController()
      const short: EngineRequest = { ...request, maxTokens: 8 }
      const first = await collect(loaded, short, controller.signal)
      controller.abort(new Error('too late'))
      same(subject, first, await collect(loaded, short), 'the second is as the first')
      const { signal } = new AbortController()
      same(subject, first, await collect(loaded, short, signal), 'so is one with a signal of its own')
    }),

    withAnswers('after an abort, and after a caller left, an answer is whole', async ({ loaded }) => {
      const asked = brief(request)
      const whole = await collect(loaded, asked)
      const controller = new AbortController()
      const reason = new Error('enough')
      await rejectsWith('generate() that is aborted at its first delta', reason, async () => {
        for await (const _ of loaded.generate(request, { signal: controller.signal })) controller.abort(reason)
      })
      same(subject, whole, await collect(loaded, asked), 'the next is whole')
      for await (const _ of loaded.generate(request)) break
      const last = await collect(loaded, asked)
      same(subject, whole, last, 'so is the one after it')
      expect(last.done.usage.promptTokens === whole.done.usage.promptTokens, 'its prompt has as many tokens')
    }),
  ]
}
