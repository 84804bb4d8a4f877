/** The prompts and greedy answers that the tiny model must give in every engine. */
import { readFileSync } from 'node:fs'
import type { ReferencePrompt } from '../browser/demo-program.ts'

export type { ReferencePrompt } from '../browser/demo-program.ts'

const file = new URL('../../../examples/tinymodel/files/edgewise-tiny-v1/reference.json', import.meta.url)

export const { prompts } = JSON.parse(readFileSync(file, 'utf8')) as { prompts: ReferencePrompt[] }

export function reference(id: string): ReferencePrompt {
  const found = prompts.find((one) => one.id === id)
  if (!found) throw new Error(`there is no reference ${id}`)
  return found
}
