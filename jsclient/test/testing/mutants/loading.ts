/** Engines that load wrongly. */
import { EngineError } from '../../../src/errors/engine-error.ts'
import { engine, loaded, progress } from '../mutate.ts'
import { failure, later, type Mutant } from './mutant.ts'

export const loading: Mutant[] = [
  {
    name: 'lets progress fall',
    fails: 'load reports progress',
    wrap: progress((report) => (report.progress < 1 ? { ...report, progress: 2 } : report)),
  },
  {
    name: 'never completes its progress',
    fails: 'load reports progress',
    wrap: progress((report) => ({ ...report, progress: Math.min(report.progress, 0.99) })),
  },
  {
    name: 'goes back to the beginning',
    fails: 'load reports progress',
    wrap: engine((right) => ({
      load: (model, { onProgress, ...options } = {}) =>
        right.load(model, {
          ...options,
          onProgress(report) {
            onProgress?.({ progress: 0.9, stage: 'download' })
            onProgress?.(report)
          },
        }),
    })),
  },
  {
    name: 'loads more bytes than there are',
    fails: 'load reports progress',
    wrap: progress((report) => ({ ...report, loadedBytes: 2_000_000 })),
  },
  {
    name: 'loses bytes on the way',
    fails: 'load reports progress',
    wrap: progress((report) => ({ ...report, loadedBytes: report.progress < 1 ? 500 : 100 })),
  },
  {
    name: 'has a stage of its own',
    fails: 'load reports progress',
    wrap: progress((report) => ({ ...report, stage: 'compile' as never })),
  },
  {
    name: 'reports on when it is done',
    fails: 'load reports progress',
    wrap: engine((right) => ({
      async load(model, options) {
        const inner = await right.load(model, options)
        void later().then(() => options?.onProgress?.({ progress: 1, stage: 'load' }))
        return inner
      },
    })),
  },
  {
    name: 'hands out a copy of the model',
    fails: 'load reports progress',
    wrap: loaded(({ model }) => ({ model: { ...model } })),
  },
  {
    name: "adds to the model's entry",
    fails: "a model's entry is left",
    wrap: engine((right) => ({
      load(model, options) {
        model.license = 'unknown'
        return right.load(model, options)
      },
    })),
  },
  {
    name: 'fails an aborted load with an error of its own',
    fails: 'an aborted load rejects',
    wrap: engine((right) => ({
      load: (...args) =>
        right.load(...args).catch((error) => {
          throw error instanceof EngineError ? error : failure('load_failed', 'load')
        }),
    })),
  },
  {
    name: 'loads on after an abort',
    fails: 'an aborted load rejects',
    wrap: engine((right) => ({ load: (model, { onProgress } = {}) => right.load(model, { onProgress }) })),
  },
  {
    name: 'is stuck after an aborted load',
    fails: 'an aborted load rejects',
    wrap: engine((right) => ({
      load(...args) {
        if (right.log.some((line) => line.startsWith('abort'))) throw failure('load_failed', 'load')
        return right.load(...args)
      },
    })),
  },
  {
    name: 'loads what was aborted before',
    fails: 'an aborted load rejects',
    wrap: engine((right) => ({
      load: (model, options) => right.load(model, options?.signal?.aborted ? {} : options),
    })),
  },
  {
    name: 'does not hear an abort before its first report',
    fails: 'a load may be aborted before',
    wrap: engine((right) => ({
      async load(model, { signal, ...options } = {}) {
        const { aborted } = signal ?? {}
        await later()
        return right.load(model, signal?.aborted === aborted ? { ...options, signal } : options)
      },
    })),
  },
  {
    name: 'hears an abort when the load has ended',
    fails: 'a load may be aborted before',
    wrap: engine((right) => ({
      async load(model, options) {
        const inner = await right.load(model, options)
        options?.signal?.addEventListener('abort', () => void inner.unload())
        return inner
      },
    })),
  },
  {
    name: 'unloads what is loaded now by what was loaded once',
    fails: 'a model that was unloaded loads again',
    wrap: loaded((_, right) => ({ unload: () => right.dispose() })),
  },
  {
    name: 'loads but once',
    fails: 'a model that was unloaded loads again',
    wrap: engine((right) => ({
      load(...args) {
        if (right.log.length > 0) throw failure('load_failed', 'load')
        return right.load(...args)
      },
    })),
  },
]
