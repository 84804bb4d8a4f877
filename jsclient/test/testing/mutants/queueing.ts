/** Engines that keep no line. */
import type { EngineEvent, EngineRequest } from '../../../src/engine/engine.ts'
import { EngineError } from '../../../src/errors/engine-error.ts'
import type { FakeEngine } from '../../../src/testing/fake-engine.ts'
import { testModel } from '../../../src/testing/model.ts'
import { drain, events, loaded, type Wrap } from '../mutate.ts'
import { failure, IMPATIENT, type Mutant } from './mutant.ts'

/** Answers with a model of its own for every call. */
async function* withoutQueue(right: FakeEngine, asked: EngineRequest): AsyncGenerator<EngineEvent, void, undefined> {
  const other = await right.load(testModel({ id: 'other' }))
  try {
    yield* other.generate(asked)
  } finally {
    await other.unload()
  }
}

/** Keeps a line, and forgets to end the turn of calls that fail so. */
function keepsTurns(forgets: (error: unknown) => boolean): Wrap {
  return loaded((right) => {
    let tail: Promise<void> = Promise.resolve()
    return {
      async *generate(asked, options) {
        const before = tail
        let end = (): void => {}
        tail = new Promise<void>((resolve) => {
          end = resolve
        })
        await before
        try {
          yield* right.generate(asked, options)
        } catch (error) {
          if (forgets(error)) end = () => {}
          throw error
        } finally {
          end()
        }
      },
    }
  })
}

export const queueing: Mutant[] = [
  {
    name: 'refuses a second call',
    fails: 'overlapping calls run',
    wrap: loaded((right) => {
      let busy = false
      return {
        async *generate(asked, options) {
          if (busy) throw failure('generate_failed')
          busy = true
          try {
            yield* right.generate(asked, options)
          } finally {
            busy = false
          }
        },
      }
    }),
  },
  {
    name: 'runs what was aborted in the line, for nobody',
    fails: 'overlapping calls run',
    wrap: loaded((right) => ({
      async *generate(asked, { signal } = {}) {
        const all = drain(right.generate(asked))
        all.catch(() => {})
        if (!signal) return yield* await all
        yield* await new Promise<EngineEvent[]>((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          all.then(resolve, reject)
        })
      },
    })),
  },
  {
    name: 'answers all at once',
    fails: 'overlapping calls are answered',
    wrap: events((_, asked, __, right) => withoutQueue(right, asked)),
  },
  {
    name: 'answers the last first',
    fails: 'overlapping calls are answered',
    wrap: loaded((right) => {
      const stack: (() => void)[] = []
      return {
        async *generate(asked, options) {
          await new Promise<void>((resolve) => {
            stack.push(resolve)
            setTimeout(() => stack.pop()?.(), 5)
          })
          yield* right.generate(asked, options)
        },
      }
    }),
  },
  {
    name: 'keeps the turn of what was aborted',
    fails: 'the next in the line',
    wrap: keepsTurns((error) => !(error instanceof EngineError)),
    subject: IMPATIENT,
  },
  {
    name: 'keeps the turn of what was refused',
    fails: 'a call that is refused',
    wrap: keepsTurns((error) => error instanceof EngineError),
    subject: IMPATIENT,
  },
]
