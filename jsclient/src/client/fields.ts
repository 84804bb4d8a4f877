import type { OpenAIChatRequest } from '../wire.ts'

/** A field of OpenAI's. */
interface Field<Value> {
  /** Who honours it: engines too, a server alone, or nobody's answer depends on it. */
  readonly by: 'engines' | 'server' | 'nobody'
  /** Whether a value asks for nothing: it is what goes without saying. Absent = every value is a wish. */
  readonly isIdle?: (value: Value, request: OpenAIChatRequest) => boolean
}

/** OpenAI's fields, who honours them, and what asks for nothing beside null. The one list of them. */
export const FIELDS: { readonly [K in keyof OpenAIChatRequest]-?: Field<NonNullable<OpenAIChatRequest[K]>> } = {
  messages: { by: 'engines' },
  max_tokens: { by: 'engines' },
  max_completion_tokens: { by: 'engines' },
  temperature: { by: 'engines' },
  top_p: { by: 'engines', isIdle: (p) => p === 1 },
  stop: { by: 'engines', isIdle: (stop) => [stop].flat().every((text) => text === '') },
  seed: { by: 'engines' },
  response_format: { by: 'engines', isIdle: ({ type }) => type === 'text' },
  tools: { by: 'engines', isIdle: isEmpty },
  tool_choice: {
    by: 'engines',
    isIdle: (choice, { tools }) => choice === 'auto' || (choice === 'none' && isEmpty(tools)),
  },
  continue_final_message: { by: 'engines', isIdle: isFalse },
  add_generation_prompt: { by: 'server', isIdle: (adds, request) => adds || isSet(request, 'continue_final_message') },
  parallel_tool_calls: { by: 'server', isIdle: (may, { tools }) => may || isEmpty(tools) },
  n: { by: 'server', isIdle: (n) => n === 1 },
  logprobs: { by: 'server', isIdle: isFalse },
  top_logprobs: { by: 'server', isIdle: isZero },
  frequency_penalty: { by: 'server', isIdle: isZero },
  presence_penalty: { by: 'server', isIdle: isZero },
  logit_bias: { by: 'server', isIdle: isEmpty },
  reasoning_effort: { by: 'server' },
  verbosity: { by: 'server' },
  modalities: { by: 'server', isIdle: (modalities) => isEmpty(modalities) || String(modalities) === 'text' },
  audio: { by: 'server' },
  prediction: { by: 'server' },
  moderation: { by: 'server' },
  web_search_options: { by: 'server' },
  functions: { by: 'server', isIdle: isEmpty },
  function_call: { by: 'server' },
  model: { by: 'nobody' },
  stream: { by: 'nobody' },
  stream_options: { by: 'nobody' },
  user: { by: 'nobody' },
  metadata: { by: 'nobody' },
  store: { by: 'nobody' },
  service_tier: { by: 'nobody' },
  safety_identifier: { by: 'nobody' },
  prompt_cache_key: { by: 'nobody' },
  prompt_cache_options: { by: 'nobody' },
  prompt_cache_retention: { by: 'nobody' },
}

/** Whether a field of a request asks for anything. */
export function isSet(request: OpenAIChatRequest, name: keyof OpenAIChatRequest): boolean {
  const value = request[name]
  const { isIdle } = FIELDS[name] as Field<unknown>
  return value !== undefined && value !== null && !isIdle?.(value, request)
}

function isFalse(value: boolean): boolean {
  return !value
}

function isZero(value: number): boolean {
  return value === 0
}

function isEmpty(value: object | null | undefined): boolean {
  return Object.keys(value ?? {}).length === 0
}
