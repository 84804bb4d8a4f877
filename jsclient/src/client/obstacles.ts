import { bounded } from '../capability/probe.ts'
import type { Engine } from '../engine/engine.ts'
import { EngineError, type EngineErrorCode } from '../errors/engine-error.ts'

/** Why engines can't run in this page at all, by name. */
export type Obstacles = Readonly<Record<string, EngineErrorCode>>

/** Asks all engines at once. Never rejects: one that throws, or says nothing for two seconds, has no obstacle. */
export async function findObstacles(engines: readonly Engine[]): Promise<Obstacles> {
  const codes = await Promise.all(engines.map((engine) => bounded(async () => engine.obstacle?.())))
  return Object.fromEntries(
    engines.flatMap(({ name }, i) => {
      const code = codes[i]
      return code ? [[name, code]] : []
    }),
  )
}

/** The obstacle of one engine as an error, or the first of any; undefined = there is none. */
export function obstacleError(obstacles: Obstacles, only?: string): EngineError | undefined {
  const name = Object.keys(obstacles).find((engine) => engine === (only ?? engine))
  const code = name && obstacles[name]
  if (!code) return undefined
  const advice = code === 'insecure_context' ? 'serve the page by https' : 'pass another engine, or let a server answer'
  return new EngineError(`${name} can't run in this page (${code}): ${advice}.`, { stage: 'load', code })
}
