import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  afterAnswer,
  afterCrash,
  afterFailure,
  type Circuit,
  FAILURE_WINDOW_MS,
  failuresOf,
  LONGEST_MS,
} from '../../src/engine/circuit.ts'
import { DEFAULT_MAX_FAILURES } from '../../src/policy/compile.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

type Step = 'fail' | 'crash' | 'answer' | number

const MAX = DEFAULT_MAX_FAILURES

/** Lets things happen to a circuit; numbers let so many ms pass. */
class Subject {
  now = 1_800_000_000_000
  circuit: Circuit | undefined

  take(step: Step, max = MAX): void {
    if (typeof step === 'number') this.now += step
    else if (step === 'fail') this.circuit = afterFailure(this.circuit, this.now, max)
    else if (step === 'crash') this.circuit = afterCrash(this.circuit, this.now)
    else this.circuit = afterAnswer(this.circuit)
  }

  failures(max = MAX): number {
    return failuresOf(this.circuit, this.now, max)
  }
}

const open: Step[] = ['fail', 'fail', 'fail']

const cases: { name: string; steps: Step[]; failures: number }[] = [
  { name: 'nothing has happened', steps: [], failures: 0 },
  { name: 'failures below the limit are told as they are', steps: ['fail', 'fail'], failures: 2 },
  { name: 'an answer in between does not make a flaky model sound', steps: ['fail', 'answer', 'fail'], failures: 2 },
  { name: 'a failure is forgotten after five minutes', steps: ['fail', FAILURE_WINDOW_MS], failures: 0 },
  { name: 'but not a moment before', steps: ['fail', FAILURE_WINDOW_MS - 1], failures: 1 },
  { name: 'the third in the window opens it', steps: open, failures: MAX },
  { name: 'the third is none when the first is too old', steps: ['fail', 'fail', 5 * MINUTE, 'fail'], failures: 1 },
  { name: 'open for five minutes', steps: [...open, 5 * MINUTE - 1], failures: MAX },
  { name: 'then half-open', steps: [...open, 5 * MINUTE], failures: 0 },
  { name: 'half-open stays so', steps: [...open, 400 * DAY], failures: 0 },
  { name: 'one failure opens a half-open one', steps: [...open, 5 * MINUTE, 'fail'], failures: MAX },
  { name: 'for twice as long', steps: [...open, 5 * MINUTE, 'fail', 10 * MINUTE - 1], failures: MAX },
  { name: 'and no longer', steps: [...open, 5 * MINUTE, 'fail', 10 * MINUTE], failures: 0 },
  { name: 'a failure of an open one counts for nothing', steps: [...open, MINUTE, 'fail', 4 * MINUTE], failures: 0 },
  { name: 'an answer closes a half-open one', steps: [...open, 5 * MINUTE, 'answer', 'fail', 'fail'], failures: 2 },
  { name: 'an answer closes an open one', steps: [...open, 'answer'], failures: 0 },
  {
    name: 'and the next opening is a short one again',
    steps: [...open, 5 * MINUTE, 'fail', 'answer', ...open, 5 * MINUTE],
    failures: 0,
  },
  { name: 'one crash opens it', steps: ['crash'], failures: MAX },
  { name: 'for a day', steps: ['crash', DAY - 1], failures: MAX },
  { name: 'and no longer', steps: ['crash', DAY], failures: 0 },
  { name: 'a second crash opens it for two', steps: ['crash', DAY, 'crash', 2 * DAY - 1], failures: MAX },
  { name: 'and no longer', steps: ['crash', DAY, 'crash', 2 * DAY], failures: 0 },
  { name: 'a crash of an open one makes it longer', steps: [...open, 'crash', DAY - 1], failures: MAX },
  { name: 'an answer makes up for crashes', steps: ['crash', 'crash', DAY, 'answer', 'fail'], failures: 1 },
  { name: 'a failure after a crash opens it for a day', steps: ['crash', DAY, 'fail', DAY - 1], failures: MAX },
  { name: 'and no longer', steps: ['crash', 'crash', 'crash', 7 * DAY, 'fail', DAY], failures: 0 },
  { name: 'a half-open one is remembered for a while', steps: [...open, 15 * MINUTE - 1, 'fail'], failures: MAX },
  { name: 'and no longer: one failure is one', steps: [...open, 15 * MINUTE, 'fail'], failures: 1 },
  { name: 'a crash is remembered for two days', steps: ['crash', 2 * DAY + 5 * MINUTE - 1, 'fail'], failures: MAX },
  { name: 'and no longer', steps: ['crash', 2 * DAY + 5 * MINUTE, 'fail'], failures: 1 },
  { name: 'a crash a year later is the first', steps: ['crash', 365 * DAY, 'crash', DAY], failures: 0 },
  { name: 'a clock that was set back by years opens nothing', steps: ['crash', -1000 * DAY], failures: 0 },
  { name: 'nor does it let failures count', steps: ['fail', 'fail', -DAY], failures: 0 },
  { name: 'one that was set right by a second changes nothing', steps: [...open, -1000], failures: MAX },
]

describe('a circuit', () => {
  for (const { name, steps, failures } of cases) {
    it(`${name}: ${steps.join(' ')}`, () => {
      const subject = new Subject()
      for (const step of steps) subject.take(step)
      assert.equal(subject.failures(), failures)
    })
  }

  it('is open for twice as long each time, up to a day after failures and a week after crashes', () => {
    const lengths = (step: Step): number[] => {
      const subject = new Subject()
      for (const first of open.slice(1)) subject.take(first)
      return Array.from({ length: 11 }, () => {
        subject.take(step)
        const { circuit } = subject
        assert.ok(circuit && 'forMs' in circuit)
        subject.take(circuit.forMs)
        assert.equal(subject.failures(), 0)
        return circuit.forMs / MINUTE
      })
    }
    assert.deepEqual(lengths('fail'), [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440])
    const days = lengths('crash').map((minutes) => minutes / 1440)
    assert.deepEqual(days, [1, 2, 4, 7, 7, 7, 7, 7, 7, 7, 7])
  })

  it('heeds the operator: one failure is enough, or ten are', () => {
    for (const max of [1, 10]) {
      const subject = new Subject()
      for (let i = 1; i < max; i++) {
        subject.take('fail', max)
        assert.equal(subject.failures(max), i)
      }
      subject.take('fail', max)
      subject.take(5 * MINUTE - 1)
      assert.equal(subject.failures(max), max)
      assert.equal(subject.failures(max + 5), max + 5, 'a limit that is raised meanwhile')
    }
  })
})

/** What the words say, without a thought for how it is stored. */
class Words {
  now = 0
  state: 'closed' | 'open' = 'closed'
  failures: number[] = []
  opened = 0
  length = 0

  take(step: Step): void {
    if (typeof step === 'number') this.now += step
    else this.happen(step)
  }

  happen(step: Exclude<Step, number>): void {
    if (this.now >= this.opened + this.length + this.length + 5 * MINUTE && this.state === 'open') this.close()
    if (step === 'crash') this.open(DAY, 7 * DAY)
    else if (step === 'answer' && this.state === 'open') this.close()
    else if (step === 'fail' && this.state === 'closed') {
      this.failures.push(this.now)
      if (this.count === MAX) this.open(5 * MINUTE, DAY)
    } else if (step === 'fail' && this.isHalfOpen) this.open(5 * MINUTE, DAY)
  }

  close(): void {
    this.state = 'closed'
    this.failures = []
    this.length = 0
  }

  open(least: number, most: number): void {
    const twice = this.length * 2
    this.length = twice < least ? least : Math.min(twice, most)
    this.state = 'open'
    this.opened = this.now
  }

  get isHalfOpen(): boolean {
    return this.state === 'open' && this.now >= this.opened + this.length
  }

  get count(): number {
    return this.failures.filter((at) => at > this.now - 5 * MINUTE).length
  }

  get told(): number {
    if (this.state === 'closed') return this.count
    return this.isHalfOpen ? 0 : MAX
  }
}

/** Numbers from 0 up to 1, the same ones every time. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('a circuit, whatever happens', () => {
  const STEPS: Step[] = [
    'fail',
    'fail',
    'fail',
    'fail',
    'crash',
    'answer',
    0,
    1,
    5 * MINUTE - 1,
    MINUTE,
    HOUR,
    DAY,
    3 * DAY,
  ]

  it('does what the words say', () => {
    const told = new Set<number>()
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed)
      const subject = new Subject()
      const words = new Words()
      const steps: Step[] = []
      for (let i = 0; i < 80; i++) {
        const step = STEPS[Math.floor(next() * STEPS.length)] as Step
        steps.push(step)
        subject.take(step)
        words.take(step)
        assert.equal(subject.failures(), words.told, `seed ${seed}: ${steps.join(' ')}`)
        told.add(words.told)
      }
      subject.take(LONGEST_MS)
      assert.equal(subject.failures(), 0, 'nothing is open for ever')
    }
    assert.deepEqual([...told].sort(), [0, 1, 2, 3], 'the sequences got everywhere')
  })
})
