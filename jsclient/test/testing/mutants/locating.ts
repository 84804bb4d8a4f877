/** Engines that do not know where a model is. */
import { engine, progress } from '../mutate.ts'
import { failure, type Mutant } from './mutant.ts'

let files = 0

export const locating: Mutant[] = [
  {
    name: 'has a word of its own for cached',
    fails: 'status says',
    wrap: engine(() => ({ status: async () => 'disk' as never })),
  },
  {
    name: 'fetches to find out',
    fails: 'status says',
    wrap: engine((right) => ({
      async status(model) {
        await fetch('http://127.0.0.1:9/config.json').catch(() => {})
        return right.status(model)
      },
    })),
  },
  {
    name: 'downloads to find out',
    fails: 'status says',
    wrap: engine((right) => ({
      status(model) {
        right.downloads++
        return right.status(model)
      },
    })),
  },
  {
    name: 'rejects for a model that it does not know',
    fails: 'status takes whatever',
    wrap: engine((right) => ({
      status: (model) =>
        model.id === 'tiny' ? right.status(model) : Promise.reject(failure('model_not_found', 'load')),
    })),
  },
  {
    name: 'has a reason of its own for not saying where a model is',
    fails: "status fails with nothing but its signal's reason",
    wrap: engine((right) => ({
      status: (model, { signal } = {}) =>
        signal?.aborted ? Promise.reject(new Error('aborted')) : right.status(model),
    })),
  },
  {
    name: 'downloads again what it has',
    fails: 'a model that is cached',
    wrap: progress((report) => ({ ...report, stage: 'download' })),
  },
  {
    name: 'asks for files again that it has',
    fails: 'a model that is cached',
    wrap: engine((right) => ({
      load(...args) {
        files++
        return right.load(...args)
      },
    })),
    subject: { downloads: () => files },
  },
]
