/** Engines that fail without a name. */
import { EngineError } from '../../../src/errors/engine-error.ts'
import { engine } from '../mutate.ts'
import { failure, type Mutant } from './mutant.ts'

/** Changes what a load rejects with. */
function failsWith(name: string, change: (error: EngineError) => unknown): Mutant {
  return {
    name,
    fails: 'whatever goes wrong',
    wrap: engine((right) => ({
      load: (...args) =>
        right.load(...args).catch((error) => {
          throw change(error)
        }),
    })),
  }
}

export const failing: Mutant[] = [
  failsWith('fails with a plain error', ({ message }) => new Error(message)),
  failsWith('fails with a code of another fault', () => failure('load_failed', 'load')),
  failsWith('fails at the wrong stage', ({ code }) => failure(code)),
  failsWith('fails without the cause', ({ code }) => failure(code, 'load')),
  failsWith('fails without a word', ({ code }) => new EngineError('', { stage: 'load', code, cause: 1 })),
  {
    name: 'keeps a broken file for ever',
    fails: 'whatever goes wrong',
    wrap: engine((right) => {
      const broken = new Set<string>()
      return {
        async load(model, options) {
          if (broken.has(model.id)) throw failure('invalid_files', 'load')
          return right.load(model, options).catch((error) => {
            broken.add(model.id)
            throw error
          })
        },
      }
    }),
  },
  {
    name: 'is no engine any more once something went wrong',
    fails: 'whatever goes wrong',
    wrap: engine((right) => {
      let broken: unknown
      return {
        async load(model, options) {
          if (broken) throw broken
          return right.load(model, options).catch((error) => {
            broken = error
            throw error
          })
        },
      }
    }),
  },
]
