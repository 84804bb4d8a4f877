/** What checks are made with. */
import type { Engine, EngineSupport, LoadedModel } from '../../engine/engine.ts'
import { expect } from './expect.ts'
import type { Check, Subject } from './subject.ts'

/** What one check gets: an engine of its own. */
export interface Trial {
  readonly engine: Engine
  /** What the engine declares, with what it leaves out. */
  readonly supports: EngineSupport
  /** Says why there is nothing to check; return after it. */
  skip(reason: string): void
  /** Runs something with another new engine, which is then disposed. */
  fresh<T>(run: (loaded: LoadedModel, engine: Engine) => Promise<T>): Promise<T>
}

/** A trial with the subject's model resident. */
export interface LoadedTrial extends Trial {
  readonly loaded: LoadedModel
}

/** Makes the checks of one matter. */
export type Checks = (kit: Kit) => Check[]

export interface Kit {
  readonly subject: Subject
  /** A check with an engine that has done nothing yet. */
  check(name: string, run: (trial: Trial) => Promise<void>): Check
  /** A check with an engine that has loaded the model. */
  withModel(name: string, run: (trial: LoadedTrial) => Promise<void>): Check
}

const PATIENCE_MS = 120_000

export function createKit(subject: Subject): Kit {
  const check: Kit['check'] = (name, run) => ({
    name,
    async run(context) {
      const skip = (reason: string): void => context?.skip?.(reason)
      await withEngine(subject, (engine) => run({ engine, supports: supportOf(engine), skip, fresh }))
      const held = await subject.resources?.()
      expect(!held, `nothing is held when all engines are disposed, not ${held}`)
    },
  })
  const fresh: Trial['fresh'] = (run) =>
    withEngine(subject, async (engine) => run(await engine.load(subject.model), engine))
  const withModel: Kit['withModel'] = (name, run) =>
    check(name, async (trial) => run({ ...trial, loaded: await trial.engine.load(subject.model) }))
  return { subject, check, withModel }
}

/** Runs something with an engine, within the subject's patience, and disposes the engine. */
async function withEngine<T>(subject: Subject, run: (engine: Engine) => Promise<T>): Promise<T> {
  const { patienceMs = PATIENCE_MS } = subject
  const engine = subject.create()
  try {
    return await within(patienceMs, run(engine))
  } finally {
    await within(patienceMs, engine.dispose())
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`expected that it ends: nothing came of it in ${ms} ms`)), ms)
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
