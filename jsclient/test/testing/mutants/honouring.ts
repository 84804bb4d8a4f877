/** Engines that do not do what they declare. */
import { end, request } from '../mutate.ts'
import type { Mutant } from './mutant.ts'

export const honouring: Mutant[] = [
  {
    name: 'asks nicely for JSON',
    fails: 'a JSON Schema',
    wrap: request(({ responseFormat: _, ...asked }) => asked),
  },
  {
    name: 'claims tools, and drops them',
    fails: 'a tool that must be called',
    wrap: request(({ tools: _, toolChoice: __, ...asked }) => asked),
  },
  {
    name: 'calls another tool than it must',
    fails: 'a tool that must be called',
    wrap: end(({ toolCalls, ...done }) => {
      const others = toolCalls?.map((call) => ({ ...call, function: { ...call.function, name: 'other' } }))
      return { ...done, ...(others && { toolCalls: others }) }
    }),
  },
]
