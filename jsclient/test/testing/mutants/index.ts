/** Engines that are wrong in one respect each, and the checks that find them out. */
import { continuing } from './continuing.ts'
import { ending } from './ending.ts'
import { failing } from './failing.ts'
import { generating } from './generating.ts'
import { honouring } from './honouring.ts'
import { introducing } from './introducing.ts'
import { loading } from './loading.ts'
import { locating } from './locating.ts'
import type { Mutant } from './mutant.ts'
import { queueing } from './queueing.ts'
import { reading } from './reading.ts'
import { refusing } from './refusing.ts'
import { sampling } from './sampling.ts'
import { stopping } from './stopping.ts'
import { storing } from './storing.ts'

export const MUTANTS: readonly Mutant[] = [
  ...introducing,
  ...locating,
  ...loading,
  ...storing,
  ...generating,
  ...reading,
  ...sampling,
  ...stopping,
  ...queueing,
  ...refusing,
  ...honouring,
  ...continuing,
  ...ending,
  ...failing,
]
