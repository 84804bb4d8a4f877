/** What an engine says of itself before it has done anything. */
import { expect } from './expect.ts'
import type { Checks } from './kit.ts'

export const introducing: Checks = ({ subject, check }) => [
  check('making an engine has no effect, and one that was never used can be disposed', async ({ engine }) => {
    const held = await subject.resources?.()
    expect(!held, `a new engine holds nothing, not ${held}`)
    await engine.dispose()
  }),

  check('the engine has the name of its models, and declares what it supports', async ({ engine, supports }) => {
    const { framework } = subject.model
    expect(engine.name === framework && framework !== '', `its name is ${framework}, not ${engine.name}`)
    const { n, logprobs, contextWindow, ...flags } = supports
    for (const [name, value] of Object.entries(flags)) {
      expect(typeof value === 'boolean', `supports.${name} is true or false, not ${value}`)
    }
    expect(n === 1 && logprobs === false, `supports.n is 1 and logprobs false, not ${n} and ${logprobs}`)
    expect(Number.isSafeInteger(contextWindow) && contextWindow >= 0, `supports.contextWindow is no count`)
    expect(['boolean', 'undefined'].includes(typeof engine.onDevice), 'onDevice is true or false')
  }),

  check('nothing hinders an engine whose model loads', async ({ engine, skip }) => {
    if (!engine.obstacle) return skip('it has no obstacle()')
    const obstacle = await engine.obstacle()
    expect(obstacle === undefined, `there is no obstacle, not ${obstacle}`)
    await engine.load(subject.model)
    expect((await engine.obstacle()) === undefined, 'nor is there one after a load')
  }),
]
