/**
 * What every engine must do, as checks that run in Node and, bundled, in a page. Authors of engines run them all. They
 * depend on no test runner: a check passes when its `run` resolves.
 */
import { continuing } from './conformance/continuing.ts'
import { requireSubject } from './conformance/declaring.ts'
import { ending } from './conformance/ending.ts'
import { failing } from './conformance/failing.ts'
import { generating } from './conformance/generating.ts'
import { honouring } from './conformance/honouring.ts'
import { introducing } from './conformance/introducing.ts'
import { createKit } from './conformance/kit.ts'
import { loading } from './conformance/loading.ts'
import { locating } from './conformance/locating.ts'
import { queueing } from './conformance/queueing.ts'
import { reading } from './conformance/reading.ts'
import { refusing } from './conformance/refusing.ts'
import { sampling } from './conformance/sampling.ts'
import { stopping } from './conformance/stopping.ts'
import { storing } from './conformance/storing.ts'
import type { Check, Subject } from './conformance/subject.ts'

export { type Collected, collect } from './conformance/collect.ts'
export type { Check, Subject, SubjectFault } from './conformance/subject.ts'

const MATTERS = [
  introducing,
  locating,
  loading,
  storing,
  generating,
  reading,
  sampling,
  stopping,
  queueing,
  refusing,
  honouring,
  continuing,
  ending,
  failing,
]

/**
 * The checks of an engine. Each makes engines of its own and disposes them, unless it is told to keep one for the next; run
 * them one after another. There are the same ones for every subject, so that a runner outside of the page can list them by
 * their names. Throws a TypeError for a subject that lacks a member that it must have.
 */
export function engineChecks(subject: Subject): Check[] {
  requireSubject(subject)
  const kit = createKit(subject)
  return MATTERS.flatMap((checks) => checks(kit))
}
