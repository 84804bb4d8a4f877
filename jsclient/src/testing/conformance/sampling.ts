/** How the next token is chosen. */
import type { EngineRequest } from '../../engine/engine.ts'
import { collect } from './collect.ts'
import { expect } from './expect.ts'
import type { Checks } from './kit.ts'
import { brief, isExact, same } from './requests.ts'

/** Has no likeliest answer: of what it knows by heart a model may be sure at any temperature. */
const STORY = 'Tell me a story about a fox'

export const sampling: Checks = ({ subject, withAnswers }) => {
  const request = brief(subject.request)
  return [
    withAnswers('at temperature 0 neither seed nor what came before changes the answer', async (trial) => {
      const { loaded, supports, skip } = trial
      if (!supports.temperature) return skip('it does not support temperature')
      const greedy = await collect(loaded, { ...request, temperature: 0 })
      for (const seed of supports.seed ? [1, 2] : []) {
        const seeded = await collect(loaded, { ...request, temperature: 0, seed })
        same(subject, greedy, seeded, `seed ${seed} changes nothing`)
      }
      await collect(loaded, { ...request, temperature: 2, maxTokens: 8 })
      same(subject, greedy, await collect(loaded, { ...request, temperature: 0 }), 'it is as greedy as before')
    }),

    withAnswers('the same seed gives the same text', async ({ loaded, supports, skip, fresh }) => {
      if (!supports.seed) return skip('it does not support seed')
      if (!isExact(subject)) return skip('its answers are not exact')
      const { temperature: _, ...rest } = request
      const hot = supports.temperature ? { temperature: 1.5 } : {}
      const seeded: EngineRequest = { ...rest, ...hot, seed: 7 }
      const first = await collect(loaded, seeded)
      await collect(loaded, { ...seeded, seed: 8 })
      same(subject, first, await collect(loaded, seeded), 'also after another')
      same(subject, first, await fresh((other) => collect(other, seeded)), 'also in another engine')
    }),

    withAnswers('at temperature 2 seeds differ', async ({ loaded, supports, skip }) => {
      if (!supports.temperature || !supports.seed) return skip('it does not support temperature and seed')
      if (!(subject.samples ?? true)) return skip('its tokens come from a script')
      const messages: EngineRequest['messages'] = [{ role: 'user', content: STORY }]
      const hot: EngineRequest = { messages, maxTokens: 64, temperature: 2, ...(supports.topP && { topP: 1 }) }
      const texts = new Set<string>()
      for (let seed = 1; seed <= 8; seed++) texts.add((await collect(loaded, { ...hot, seed })).text)
      expect(texts.size > 1, `temperature 2 gives several answers with seeds 1 to 8, not "${[...texts]}" each time`)
    }),

    withAnswers('the smallest nucleus is greedy', async ({ loaded, supports, skip }) => {
      if (!supports.topP || !supports.temperature) return skip('it does not support topP and temperature')
      const greedy = await collect(loaded, { ...request, temperature: 0 })
      for (const temperature of [0.5, 1.5]) {
        const narrow = await collect(loaded, { ...request, temperature, topP: 1e-6 })
        same(subject, greedy, narrow, `at temperature ${temperature} too`)
      }
    }),

    withAnswers('temperature and topP are taken over their whole range', async ({ loaded, supports, skip }) => {
      if (!supports.topP && !supports.temperature) return skip('it supports neither')
      const asked: Partial<EngineRequest>[] = []
      if (supports.temperature) asked.push({ temperature: 0.01 }, { temperature: 2 })
      if (supports.topP) asked.push({ topP: 0.01 }, { topP: 1 })
      for (const ask of asked) {
        const { done } = await collect(loaded, { ...request, ...ask, maxTokens: 4 })
        expect(done.usage.completionTokens > 0, `${JSON.stringify(ask)} gives an answer`)
      }
    }),
  ]
}
