/** Runs in Chromium: local-only requests, asked in every way, while something goes wrong. */
import { HybridInferenceClient } from '../../../src/client/client.ts'
import type { InferenceClient } from '../../../src/client/inference-client.ts'
import { LocalInferenceClient } from '../../../src/client/local-client.ts'
import type { ChatRequest } from '../../../src/client/options.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { transformers } from '../../../src/engines/transformers/index.ts'
import { isEdgewiseError } from '../../../src/errors/edgewise-error.ts'
import { FakeEngine, type FakeEngineOptions } from '../../../src/testing/fake-engine.ts'
import type { ChatMessage, ModelInfo } from '../../../src/wire.ts'
import { ANSWER, CANARIES, FREE } from '../leak-canaries.ts'

/** One thing that goes wrong, and to whom. All of it is JSON. */
export interface Scenario {
  client: 'hybrid' | 'local'
  /** Its options; null = there is no engine. */
  fake?: FakeEngineOptions | null
  /** The real engine instead: where its files lie, and the worker's script. */
  real?: { files: string; worker: string }
  /** The one model that there is. */
  model: ModelInfo
  /** Fields of the request. */
  asks?: Omit<Partial<ChatRequest>, 'signal'>
  /** More words in the prompt. */
  words?: number
  reports?: 'all'
  /** The client does not know the server's policies. */
  uninitialized?: boolean
  /** How long the page is left alone before it asks, s. */
  laterBy?: number
  /** What happens when the load begins, or the first text comes. */
  at?: 'load' | 'text'
  does?: 'abort' | 'dispose' | 'kill' | 'throw'
}

export type AskedBy = 'generate' | 'generate in pieces' | 'create' | 'create in chunks' | 'stream'

/** How a request ended: with an answer, or by an error's class and code, such as "ModelLoadError quota_exceeded". */
export type Ended = { way: AskedBy } & (Whole | { error: string })

export interface Whole {
  text: string
  finishReason: string
  promptBytesSent: number
}

let worker: Worker | undefined
let now = 0
let scenario: Scenario
let client: InferenceClient
let controller: AbortController

/** Makes the scenario's client, which then knows all that it can know. */
export async function begin(given: Scenario): Promise<void> {
  scenario = given
  now = Date.now()
  controller = new AbortController()
  const engine = engineOf(given)
  const options = { engines: engine ? [engine] : [], storage: false as const, now: () => now }
  client =
    given.client === 'local'
      ? new LocalInferenceClient({ ...options, models: [given.model] })
      : new HybridInferenceClient({
          ...options,
          baseURL: '/api/v1',
          routeTimeoutMs: 200,
          ...(given.reports && { reports: given.reports }),
        })
  client.subscribe(() => {
    if (given.at === 'load' && client.getSnapshot().phase === 'loading') happen()
  })
  if (!given.uninitialized) await client.initialize().catch(() => {})
  now += (given.laterBy ?? 0) * 1000
}

/** Asks in one way, and waits for the end. */
export async function ask(way: AskedBy): Promise<Ended> {
  try {
    return { way, ...(await WAYS[way]()) }
  } catch (error) {
    return { way, error: nameOf(error) }
  }
}

/** Asks for what may leave the device, in the same conversation. */
export async function askFreely(): Promise<void> {
  const messages: ChatMessage[] = [{ role: 'user', content: FREE }]
  await client.chat.completions.create({ messages, conversationId: 'c-1', force: 'server' })
}

export async function end(): Promise<void> {
  await client.dispose()
}

function engineOf({ fake, real }: Scenario): Engine | undefined {
  if (real) {
    return transformers({
      worker: () => {
        worker = new Worker(real.worker, { type: 'module' })
        return worker
      },
      wasmPaths: { mjs: '/ort/ort-wasm-simd-threaded.mjs', wasm: '/ort/ort-wasm-simd-threaded.wasm' },
      modelBaseURL: real.files,
    })
  }
  if (fake === null) return undefined
  const supports = { tools: true, continuation: true, ...fake?.supports }
  return new FakeEngine({ answer: ANSWER, ...fake, supports })
}

/** What may happen on the way. */
const EVENTS: Record<NonNullable<Scenario['does']>, () => void> = {
  abort: () => controller.abort(new DOMException('the user left', 'AbortError')),
  dispose: () => void client.dispose(),
  /** Nobody is told. */
  kill: () => worker && Worker.prototype.terminate.call(worker),
  throw() {
    throw new RangeError('a mistake of the page')
  },
}

function happen(): void {
  if (scenario.does) EVENTS[scenario.does]()
}

let heard = false
function hear(text: string): void {
  if (text === '' || heard || scenario.at !== 'text') return
  heard = true
  happen()
}

type Way = () => Promise<Whole>

function prompt(): string {
  return `${CANARIES.user} ${'and so on '.repeat((scenario.words ?? 0) / 3)}${CANARIES.user}`
}

function messages(): ChatMessage[] {
  const call = { name: 'sing', arguments: JSON.stringify({ text: CANARIES.arguments }) }
  const loop: ChatMessage[] = [
    { role: 'user', content: 'Sing.' },
    { role: 'assistant', content: null, tool_calls: [{ id: 'call-1', type: 'function', function: call }] },
    { role: 'tool', tool_call_id: 'call-1', content: CANARIES.result },
  ]
  return [
    { role: 'system', content: CANARIES.system },
    // The real engine takes no tools.
    ...(scenario.real ? [] : loop),
    { role: 'user', content: prompt() },
  ]
}

function request(): ChatRequest {
  heard = false
  const { signal } = controller
  const common = { privacy: 'local-only', conversationId: 'c-1', stop: CANARIES.stop, max_tokens: 40 } as const
  return { messages: messages(), ...common, signal, ...scenario.asks }
}

function simply(onChunk?: (text: string) => void): Way {
  return async () => {
    heard = false
    const { signal } = controller
    const { force, preference } = scenario.asks ?? {}
    const common = { privacy: 'local-only', conversationId: 'c-1', stop: CANARIES.stop, maxTokens: 40 } as const
    const options = { ...common, system: CANARIES.system, signal, force, preference }
    const { text, finishReason, route } = await client.generate(prompt(), { ...options, ...(onChunk && { onChunk }) })
    return { text, finishReason, promptBytesSent: route.promptBytesSent }
  }
}

/** Every way to ask. */
const WAYS: Record<AskedBy, Way> = {
  generate: simply(),
  'generate in pieces': simply(hear),

  async create() {
    const { choices, route } = await client.chat.completions.create({ ...request(), stream: false })
    const { message, finish_reason } = choices[0] as (typeof choices)[number]
    return { text: message.content ?? '', finishReason: finish_reason, promptBytesSent: route.promptBytesSent }
  },

  async 'create in chunks'() {
    let text = ''
    let finishReason = ''
    const stream = await client.chat.completions.create({ ...request(), stream: true })
    for await (const { choices } of stream) {
      const { delta, finish_reason } = choices[0] as (typeof choices)[number]
      text += delta.content ?? ''
      finishReason = finish_reason ?? finishReason
      hear(delta.content ?? '')
    }
    const { promptBytesSent } = await stream.route
    return { text, finishReason, promptBytesSent }
  },

  async stream() {
    let text = ''
    for await (const event of client.stream(request())) {
      if (event.type === 'delta') {
        text += event.text
        hear(event.text)
      }
      if (event.type === 'done') {
        return { text, finishReason: event.finishReason, promptBytesSent: event.route.promptBytesSent }
      }
    }
    throw new Error('it ended without an end')
  },
}

/** Of an error that callers can tell by a type; what is none is "untyped". */
function nameOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'AbortError') return 'AbortError'
  if (error instanceof RangeError) return 'RangeError'
  if (!isEdgewiseError(error)) return `untyped ${error}`
  return [error.name, 'reason' in error ? error.reason : error.code].join(' ')
}
