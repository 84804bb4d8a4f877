/**
 * What only local answers need: the engines, chat requests and completions in their terms, and the reports. The client
 * imports it when it first needs an engine.
 */

import { Downloads, type DownloadsOptions } from '../downloads/downloads.ts'
import type { EngineEvent, LoadProgress } from '../engine/engine.ts'
import type { HealthOptions } from '../engine/health.ts'
import { EngineManager } from '../engine/manager.ts'
import type { SpeedRecordsOptions } from '../engine/speed-records.ts'
import { NoTargetError } from '../errors/no-target-error.ts'
import type { ChatCompletion, ChatCompletionChunk, ChatDelta, ChatFinishReason, ModelInfo } from '../wire.ts'
import type { AttemptEvent } from './attempt.ts'
import { refusal } from './capable.ts'
import { Foresight, type ForesightOptions } from './foresight.ts'
import type { PreparedRequest } from './prepare.ts'
import { Progressive, type ProgressiveParts } from './progressive.ts'
import { watchSurroundings } from './surroundings.ts'
import { toUsage } from './usage.ts'

export { Reporter } from './reporter.ts'

export interface LocalAttempt {
  readonly request: PreparedRequest
  readonly model: ModelInfo
  readonly signal: AbortSignal
  onProgress(progress: LoadProgress): void
}

export interface LocalOptions
  extends DownloadsOptions,
    HealthOptions,
    Pick<SpeedRecordsOptions, 'device'>,
    Pick<ForesightOptions, 'probe'> {
  /** What it takes to load models while nothing else goes on. Absent: they are loaded when somebody asks for them. */
  progressive?: Omit<ProgressiveParts, 'manager' | 'foresight'> | undefined
  /** Called when the battery, the network or what is visible may have changed. */
  onSurroundings?: (() => void) | undefined
}

/** The engines of one page, asked in OpenAI's terms. */
export class Local {
  readonly manager: EngineManager
  readonly downloads: Downloads
  readonly foresight: Foresight
  readonly progressive: Progressive | undefined
  readonly #life = new AbortController()

  constructor(options: LocalOptions) {
    this.downloads = new Downloads(options)
    const foresight = new Foresight(options)
    const predict = (model: ModelInfo): number | undefined => foresight.predict(model)
    this.foresight = foresight
    this.manager = new EngineManager({ ...options, gate: this.downloads, health: options, speeds: options, predict })
    const { progressive, onSurroundings } = options
    if (progressive) this.progressive = new Progressive({ ...progressive, manager: this.manager, foresight })
    if (onSurroundings) watchSurroundings(onSurroundings, this.#life.signal)
  }

  /** Ends the engines. Never rejects. */
  async dispose(): Promise<void> {
    this.#life.abort()
    this.progressive?.dispose()
    this.downloads.dispose()
    await this.manager.dispose()
  }

  /**
   * Answers on the device, in OpenAI's chunks. Every prompt that an engine gets passes here, so this is where one is
   * stopped that the engine must not have, whatever was decided before. Throws the signal's reason, an EngineError, or a
   * NoTargetError where a local-only prompt might leave the device.
   */
  async *answer({ request, model, ...options }: LocalAttempt): AsyncGenerator<AttemptEvent, void, undefined> {
    const cause = refusal(this.manager.engineOf(model), request)
    if (cause?.param === 'privacy') throw new NoTargetError('local_only_unavailable', { cause })
    if (cause) throw cause
    this.progressive?.giveWay(model)
    const form = new LocalCompletion(model.id)
    // Without a limit the model may go on to the end of its context window.
    const asked = { ...request.wishes.engine, maxTokens: request.info.maxTokens || model.contextWindow }
    /** Tokens without text of their own count with the text that they end up in: what broke off before it has none. */
    let tokens = 0
    for await (const event of this.manager.generate(model, asked, options)) {
      if (event.type === 'done') yield* form.end(event)
      else {
        tokens += event.tokens
        if (event.text === '') continue
        yield form.delta(event.text, tokens)
        tokens = 0
      }
    }
  }
}

/** One local answer in OpenAI's form. */
class LocalCompletion {
  readonly #head: Pick<ChatCompletion, 'id' | 'created' | 'model'>
  #text = ''
  #opened = false

  constructor(model: string) {
    // The id only has to differ from the others of the page.
    const id = `chatcmpl-local-${Math.random().toString(36).slice(2, 14)}`
    this.#head = { id, created: Math.floor(Date.now() / 1000), model }
  }

  delta(text: string, tokens: number): AttemptEvent {
    this.#text += text
    return { type: 'delta', text, tokens, chunk: this.#chunk({ content: text }) }
  }

  *end({ finishReason, usage, toolCalls }: Extract<EngineEvent, { type: 'done' }>): Generator<AttemptEvent> {
    const { model } = this.#head
    if (toolCalls) {
      const tool_calls = toolCalls.map((call, index) => ({ index, ...call }))
      yield { type: 'delta', text: '', tokens: 0, chunk: this.#chunk({ tool_calls }) }
    } else if (!this.#opened) yield this.delta('', 0)
    yield { type: 'delta', text: '', tokens: 0, chunk: this.#chunk({}, finishReason) }
    const content = toolCalls && this.#text === '' ? null : this.#text
    const message = { role: 'assistant', content, refusal: null, ...(toolCalls && { tool_calls: toolCalls }) } as const
    const completion: ChatCompletion = {
      ...this.#head,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: finishReason, logprobs: null }],
      usage: toUsage(usage),
    }
    yield { type: 'end', model, finishReason, usage, ...(toolCalls && { toolCalls }), completion }
  }

  #chunk(delta: ChatDelta, finish_reason: ChatFinishReason | null = null): ChatCompletionChunk {
    const opening: ChatDelta = this.#opened ? {} : { role: 'assistant' }
    this.#opened = true
    const choices = [{ index: 0, delta: { ...opening, ...delta }, finish_reason, logprobs: null }]
    return { ...this.#head, object: 'chat.completion.chunk', choices }
  }
}
