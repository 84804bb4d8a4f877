/** What checks are made with. */
import type { Engine, EngineSupport, LoadedModel } from '../../engine/engine.ts'
import { expect, pause } from './expect.ts'
import { keeping } from './keeping.ts'
import type { Check, Subject } from './subject.ts'

/** What every check gets. */
export interface Trial {
  /** What the engine declares, with what it leaves out. */
  readonly supports: EngineSupport
  /** Says why there is nothing to check; return after it. */
  skip(reason: string): void
  /** Runs something with the model as another new engine has loaded it. */
  fresh<T>(run: (loaded: LoadedModel) => Promise<T>): Promise<T>
}

/** A trial of an engine, which is the check's own. */
export interface EngineTrial extends Trial {
  readonly engine: Engine
}

/** A trial of a model's answers. Others may have asked it before, and may ask it again: leave it loaded and at rest. */
export interface AnswerTrial extends Trial {
  readonly loaded: LoadedModel
}

/** A trial of an engine with the subject's model resident. */
export interface ModelTrial extends EngineTrial, AnswerTrial {}

/** Makes the checks of one matter. */
export type Checks = (kit: Kit) => Check[]

export interface Kit {
  readonly subject: Subject
  /** A check with an engine that has done nothing yet. */
  check(name: string, run: (trial: EngineTrial) => Promise<void>): Check
  /** A check with an engine that has loaded the model, for what is then done to either. */
  withModel(name: string, run: (trial: ModelTrial) => Promise<void>): Check
  /** A check of answers alone; `fresh` ends the model that it was given. */
  withAnswers(name: string, run: (trial: AnswerTrial) => Promise<void>): Check
}

const PATIENCE_MS = 120_000

/** A worker that was still being made when its engine was disposed is ended a moment later. */
const MOST_WAITS = 5

export function createKit(subject: Subject): Kit {
  const { patienceMs = PATIENCE_MS } = subject
  const kept = keeping(subject)

  const holdsNothing = async (): Promise<void> => {
    let held = await subject.resources?.()
    for (let waits = 0; held && waits < MOST_WAITS; waits++) {
      await pause()
      held = await subject.resources?.()
    }
    expect(!held, `dispose() of all engines leaves nothing behind, not ${held}`)
  }

  /** Runs something with an engine, and disposes the engine. */
  const withEngine = async <T>(run: (engine: Engine) => Promise<T>): Promise<T> => {
    const engine = subject.create()
    try {
      return await within('the check', patienceMs, run(engine))
    } finally {
      await within('dispose()', patienceMs, engine.dispose())
    }
  }

  const check: Kit['check'] = (name, run) => ({
    name,
    async run(context) {
      const fresh: Trial['fresh'] = (use) => withEngine(async (other) => use(await other.load(subject.model)))
      const skip = (reason: string): void => context?.skip?.(reason)
      await within('dispose()', patienceMs, kept.end())
      await withEngine((engine) => run({ engine, supports: supportOf(engine), skip, fresh }))
      await holdsNothing()
    },
  })

  const withModel: Kit['withModel'] = (name, run) =>
    check(name, async (trial) => run({ ...trial, loaded: await trial.engine.load(subject.model) }))

  const withAnswers: Kit['withAnswers'] = (name, run) => ({
    name,
    async run(context) {
      const fresh: Trial['fresh'] = async (use) => {
        await kept.end()
        return use((await kept.model()).loaded)
      }
      const skip = (reason: string): void => context?.skip?.(reason)
      const ask = async (): Promise<void> => {
        const { engine, loaded } = await kept.model()
        await run({ loaded, supports: supportOf(engine), skip, fresh })
      }
      let keeps = false
      try {
        await within('the check', patienceMs, ask())
        keeps = context?.keep ?? false
      } finally {
        if (!keeps) await within('dispose()', patienceMs, kept.end())
      }
      if (!keeps) await holdsNothing()
    },
  })

  return { subject, check, withModel, withAnswers }
}

async function within<T>(what: string, ms: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`expected that ${what} ends: nothing came of it in ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

function supportOf({ supports = {} }: Engine): EngineSupport {
  const { tools = false, jsonSchema = false, images = false, logprobs = false, n = 1 } = supports
  const { temperature = false, topP = false, seed = false, stop = false } = supports
  const { continuation = false, prefixCache = false, contextWindow = 0 } = supports
  const fields = { tools, jsonSchema, images, logprobs, n, temperature, topP, seed, stop }
  return { ...fields, continuation, prefixCache, contextWindow }
}
