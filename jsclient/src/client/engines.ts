import type { Engine } from '../engine/engine.ts'
import { InvalidRequestError } from '../errors/invalid-request-error.ts'

/**
 * A copy of the list. Throws an InvalidRequestError unless each has a name of its own: models name their engine, and must
 * get no other.
 */
export function distinctEngines(engines: readonly Engine[] = []): readonly Engine[] {
  const names = new Set<string>([''])
  for (const { name } of engines) {
    if (names.has(name)) {
      const problem = name === '' ? 'one has none' : `${JSON.stringify(name)} is there twice`
      const message = `\`engines\` must each have a name of its own: ${problem}.`
      throw new InvalidRequestError(message, { param: 'engines' })
    }
    names.add(name)
  }
  return [...engines]
}
