import type { Engine, EngineSupport } from '../engine/engine.ts'
import { EngineError } from '../errors/engine-error.ts'
import { EngineUnsupportedError } from '../errors/engine-unsupported-error.ts'
import { engineNames } from '../policy/device.ts'
import { outputTokens, promptTokens } from '../policy/tokens.ts'
import type { ChatMessage, RequestInfo } from '../wire.ts'
import type { PreparedRequest } from './prepare.ts'
import { hasImage, type Wishes } from './wishes.ts'

/** What an engine is held against. */
type Asked = Pick<PreparedRequest, 'wishes' | 'info'>

/** The names of those engines that can honour a request, for the decision; undefined = all of them. */
export function capableEngines(engines: readonly Engine[], request: Asked): string[] | undefined {
  const capable = engines.filter((engine) => !hindrance(engine, request))
  return capable.length < engines.length ? engineNames(capable.map(({ name }) => name)) : undefined
}

/** What keeps a request from an engine, whatever the model: a field that it can't honour, or too narrow a window. */
export function hindrance(engine: Engine, request: Asked): EngineError | undefined {
  return refusal(engine, request) ?? overflow(engine, request.info)
}

/**
 * The first field of a request that an engine does not honour, by what it says of itself; undefined = it honours all.
 * Lengths are left out: they are estimates, good enough to decide by, and not to refuse by.
 */
export function refusal(engine: Engine, { wishes, info }: Asked): EngineUnsupportedError | undefined {
  const { name, supports = {}, onDevice = true } = engine
  if (info.privacy === 'local-only' && !onDevice) {
    return new EngineUnsupportedError(name, 'privacy', 'the prompt may leave the device.')
  }
  const lacking = DEMANDS.find(
    ([field, ability, isAsked = isIn(field)]) => !supports[ability] && isAsked(wishes.engine),
  )
  const param = wishes.foreign ?? lacking?.[0]
  return param ? new EngineUnsupportedError(name, param, 'leave it out, or let a server answer.') : undefined
}

type Demand = (request: Wishes['engine']) => boolean

/** Fields that an engine honours or doesn't, by what ability, and what asks for it. Defaults to the field itself. */
const DEMANDS: readonly [field: keyof Wishes['engine'], ability: keyof EngineSupport, isAsked?: Demand][] = [
  // Tools that the model must not call are in its prompt all the same, and so are earlier calls and their results.
  ['tools', 'tools', ({ tools, messages }) => tools !== undefined || messages.some(isOfTools)],
  ['toolChoice', 'tools'],
  ['responseFormat', 'jsonSchema'],
  ['messages', 'images', ({ messages }) => messages.some(hasImage)],
  ['temperature', 'temperature'],
  ['topP', 'topP'],
  ['seed', 'seed'],
  ['stop', 'stop'],
  ['continueFinalMessage', 'continuation'],
]

function isIn(field: keyof Wishes['engine']): Demand {
  return (request) => field in request
}

function isOfTools(message: ChatMessage): boolean {
  return message.role === 'tool' || (message.role === 'assistant' && Boolean(message.tool_calls?.length))
}

/** Prompt and answer have no room in the engine, counted as the filter of context windows counts. */
function overflow({ name, supports: { contextWindow = 0 } = {} }: Engine, info: RequestInfo): EngineError | undefined {
  const tokens = promptTokens(info) + outputTokens(info)
  if (contextWindow === 0 || tokens <= contextWindow) return undefined
  const message = `${name} takes ${contextWindow} tokens, and prompt and answer are some ${tokens}: shorten the prompt, or lower the limit of tokens`
  return new EngineError(message, { stage: 'generate', code: 'context_length_exceeded' })
}
