/** What an engine says of itself, wrongly. */
import { engine } from '../mutate.ts'
import { counter, failure, type Mutant } from './mutant.ts'

const workers = counter()

export const introducing: Mutant[] = [
  {
    name: 'starts a worker when it is made',
    fails: 'making an engine',
    wrap: (right) => {
      workers.up()
      return engine(() => ({ dispose: async () => void workers.down() }))(right)
    },
    subject: { resources: workers.value },
  },
  {
    name: 'can be disposed only once it was used',
    fails: 'making an engine',
    wrap: engine((right) => ({
      async dispose() {
        if (right.log.length === 0) throw failure('not_loaded')
        await right.dispose()
      },
    })),
  },
  { name: 'has a name of its own', fails: 'the engine has the name', wrap: engine(() => ({ name: 'acme/other' })) },
  {
    name: 'gives no choice at all',
    fails: 'the engine has the name',
    wrap: engine(({ supports }) => ({ supports: { ...supports, n: 0 as never } })),
  },
  {
    name: 'declares in words',
    fails: 'the engine has the name',
    wrap: engine(({ supports }) => ({ supports: { ...supports, stop: 'yes' as never } })),
  },
  {
    name: 'says that it can not run, and runs',
    fails: 'nothing hinders',
    wrap: engine(() => ({ obstacle: async () => 'unavailable' })),
  },
  {
    name: 'fails to say whether it can run',
    fails: 'nothing hinders',
    wrap: engine(() => ({ obstacle: () => Promise.reject(new Error('denied')) })),
  },
]
