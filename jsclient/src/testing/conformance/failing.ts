/** What goes wrong in the field, as the subject can bring it about. */
import type { Engine } from '../../engine/engine.ts'
import { collect } from './collect.ts'
import { expect, fails } from './expect.ts'
import type { Checks } from './kit.ts'
import type { Subject, SubjectFault } from './subject.ts'

export const failing: Checks = ({ subject, check }) => [
  check('whatever goes wrong has a name, and the engine works again afterwards', async ({ engine, skip }) => {
    const { faults = [] } = subject
    if (faults.length === 0) return skip('the subject brings no faults')
    for (const fault of faults) {
      try {
        await meet(subject, engine, fault)
      } catch (error) {
        throw new Error(`${fault.name}: ${error instanceof Error ? error.message : error}`, { cause: error })
      }
    }
  }),
]

async function meet({ model, request }: Subject, engine: Engine, fault: SubjectFault): Promise<void> {
  await fault.begin?.()
  const answer = async (): Promise<void> => {
    const loaded = await engine.load(fault.model)
    try {
      if (fault.request) await collect(loaded, fault.request)
    } finally {
      await loaded.unload()
    }
  }
  const [call, stage] = fault.request ? (['generate()', 'generate'] as const) : (['load()', 'load'] as const)
  const error = await fails(call, answer, stage, fault.codes).finally(() => fault.mend?.())
  expect(!fault.hasCause || error.cause !== undefined, `the error of ${call} has a cause`)
  const loaded = await engine.load(fault.mend ? fault.model : model)
  await collect(loaded, { ...request, maxTokens: 4 })
  await loaded.unload()
}
