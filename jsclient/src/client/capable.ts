import type { Engine, EngineRequest, EngineSupport } from '../engine/engine.ts'
import { EngineUnsupportedError } from '../errors/engine-unsupported-error.ts'
import { outputTokens, promptTokens } from '../policy/tokens.ts'
import type { OpenAIChatRequest, RequestInfo } from '../wire.ts'
import { FIELDS } from './fields.ts'
import type { PreparedRequest } from './prepare.ts'

/** What an engine is held against. */
type Asked = Pick<PreparedRequest, 'body' | 'extraBody' | 'info'>

/** The names of those engines that can honour a request, for the decision; undefined = all of them. */
export function capableEngines(engines: readonly Engine[], request: Asked): string[] | undefined {
  const capable = engines.filter((engine) => fits(engine, request.info) && !refusal(engine, request))
  return capable.length < engines.length ? capable.map(({ name }) => name) : undefined
}

/**
 * The first field of a request that an engine does not honour, by what it says of itself; undefined = it honours all.
 * Lengths are left out: they are estimates, good enough to decide by, and not to refuse by.
 */
export function refusal(engine: Engine, { body, extraBody, info }: Asked): EngineUnsupportedError | undefined {
  const { name, supports = {}, onDevice = true } = engine
  if (info.privacy === 'local-only' && !onDevice) {
    return new EngineUnsupportedError(name, 'privacy', 'the prompt may leave the device.')
  }
  const foreign = (Object.keys(body) as (keyof typeof body)[]).find(
    (field) => FIELDS[field] === 'server' && isSet(body[field]),
  )
  const lacking = DEMANDS.find(([, ability, isAsked]) => !supports[ability] && isAsked(body, info))
  const many = (info.needs?.n ?? 1) > (supports.n ?? 1) ? 'n' : undefined
  // What an extra field means, and what its default is, nobody here knows.
  const param = foreign ?? Object.keys(extraBody)[0] ?? lacking?.[0] ?? many
  return param ? new EngineUnsupportedError(name, param, 'leave it out, or let a server answer.') : undefined
}

/** Fields that an engine honours or doesn't: in the spelling of `EngineRequest`, by what, and whether they ask for it. */
const DEMANDS: readonly [
  param: keyof EngineRequest,
  ability: Exclude<keyof EngineSupport, 'n' | 'contextWindow' | 'prefixCache'>,
  isAsked: (body: OpenAIChatRequest, info: RequestInfo) => unknown,
][] = [
  ['tools', 'tools', usesTools],
  ['responseFormat', 'jsonSchema', (_, { needs }) => needs?.jsonSchema],
  ['messages', 'images', (_, { needs }) => needs?.images],
  ['logprobs', 'logprobs', (_, { needs }) => needs?.logprobs],
  ['temperature', 'temperature', ({ temperature }) => temperature != null],
  ['topP', 'topP', ({ top_p }) => (top_p ?? 1) < 1],
  ['seed', 'seed', ({ seed }) => seed != null],
  ['stop', 'stop', ({ stop }) => isSet(stop)],
  ['continueFinalMessage', 'continuation', ({ continue_final_message }) => continue_final_message],
]

/** Tools that the model must not call are in its prompt all the same, and so are earlier calls and their results. */
function usesTools({ tools, messages }: OpenAIChatRequest): boolean {
  return isSet(tools) || messages.some((one) => one.role === 'tool' || ('tool_calls' in one && isSet(one.tool_calls)))
}

/** Whether prompt and answer have room in the engine, whatever the model. As the filter of context windows counts. */
function fits({ supports: { contextWindow = 0 } = {} }: Engine, info: RequestInfo): boolean {
  return contextWindow === 0 || promptTokens(info) + outputTokens(info) <= contextWindow
}

/** Whether a field asks for anything: nothing, false, zero and emptiness are everybody's default. */
function isSet(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}
