/** A model that is resident in a fake engine. */
import type {
  EngineEvent,
  EngineRequest,
  EngineSupport,
  EngineUsage,
  GenerateOptions,
  LoadedModel,
} from '../engine/engine.ts'
import { createQueue } from '../engine/queue.ts'
import { createStopFinder } from '../engine/stop.ts'
import { EngineError } from '../errors/engine-error.ts'
import { EngineLostError } from '../errors/engine-lost-error.ts'
import type { ModelInfo } from '../wire.ts'
import { type FakeAnswers, promptOf, restOf, scriptOf } from './answer.ts'
import type { EngineFaults, FaultMoment } from './engine-faults.ts'
import { refuse } from './fake-support.ts'
import { delay } from './turn.ts'

/** The engine that the model belongs to: what it answers, and where it writes down what happens. */
export interface FakeModelHome {
  readonly name: string
  readonly supports: EngineSupport
  readonly answer: FakeAnswers<EngineRequest>
  readonly requests: EngineRequest[]
  readonly log: string[]
  /** Tokens so far. */
  generated: number
  /** Ends every model that is resident. */
  die(): void
}

export interface FakeModelOptions {
  engine: FakeModelHome
  faults: EngineFaults
  tokenMs: number
  /** Called by the first `unload`. */
  onUnload(): void
}

export class FakeModel implements LoadedModel {
  readonly model: ModelInfo
  readonly lost: Promise<EngineLostError>
  readonly #options: FakeModelOptions
  readonly #queue = createQueue()
  readonly #end = new AbortController()
  #lose: (error: EngineLostError) => void = () => {}
  /** The prompt and the answer that are still in the cache. */
  #remembered: readonly string[] = []

  constructor(model: ModelInfo, options: FakeModelOptions) {
    this.model = model
    this.#options = options
    this.lost = new Promise((resolve) => {
      this.#lose = resolve
    })
  }

  /** Dies under whoever uses it. */
  die(message: string): void {
    const error = new EngineLostError(message)
    this.#end.abort(error)
    this.#lose(error)
  }

  async unload(): Promise<void> {
    if (this.#end.signal.aborted) return
    this.#end.abort(new EngineError('the model was unloaded', { stage: 'generate', code: 'not_loaded' }))
    this.#options.onUnload()
  }

  async *generate(
    request: EngineRequest,
    { signal: given }: GenerateOptions = {},
  ): AsyncGenerator<EngineEvent, void, undefined> {
    const signal = given ? AbortSignal.any([given, this.#end.signal]) : this.#end.signal
    const release = await this.#queue.acquire(signal)
    try {
      for await (const event of this.#answer(request, signal)) {
        yield event
        signal.throwIfAborted()
      }
    } finally {
      release()
    }
  }

  async *#answer(request: EngineRequest, signal: AbortSignal): AsyncGenerator<EngineEvent, void, undefined> {
    const { engine, faults, tokenMs } = this.#options
    refuse(request, engine.supports, engine.name)
    const prompt = promptOf(request.messages, request.continueFinalMessage)
    const room = this.#roomAfter(prompt)
    engine.requests.push(structuredClone(request))
    engine.log.push(`generate ${this.model.id}`)
    try {
      const { tokens, toolCalls, finishReason, ...counts } = scriptOf(engine.answer, request)
      const { messages, continueFinalMessage } = request
      const whole = continueFinalMessage ? restOf(tokens, messages, faults.echoes(this.model)) : tokens
      const planned = whole.slice(0, Math.min(request.maxTokens, room))
      const stops = createStopFinder(request.stop ?? [])
      const usage = { ...this.#usage(prompt), ...counts }
      for (const token of planned) {
        await this.#meet(usage.completionTokens, signal)
        await delay(tokenMs, signal)
        engine.generated++
        usage.completionTokens++
        this.#remembered = [...prompt, ...planned.slice(0, usage.completionTokens)]
        yield { type: 'delta', text: stops.push(token), tokens: 1 }
        if (stops.stopped) break
      }
      await this.#meet(usage.completionTokens, signal)
      const held = stops.flush()
      if (held !== '') yield { type: 'delta', text: held, tokens: 0 }
      const isCut = planned.length < whole.length && !stops.stopped
      const reason = finishReason ?? (isCut ? 'length' : toolCalls ? 'tool_calls' : 'stop')
      const calls = reason === 'tool_calls' && toolCalls ? { toolCalls } : {}
      yield* faults.spoil({ type: 'done', finishReason: reason, usage, ...calls }, this.model)
    } finally {
      engine.log.push(`stop ${this.model.id}`)
    }
  }

  /** Most tokens that an answer may have. */
  #roomAfter({ length }: readonly string[]): number {
    const { supports } = this.#options.engine
    const contextWindow = Math.min(this.model.contextWindow || Infinity, supports.contextWindow || Infinity)
    if (length < contextWindow) return contextWindow - length
    const message = `the prompt has ${length} tokens, and the context window ${contextWindow}`
    throw new EngineError(message, { stage: 'generate', code: 'context_length_exceeded' })
  }

  /** At least one token of the prompt is computed: the first of the answer comes from it. */
  #usage(prompt: readonly string[]): EngineUsage {
    const usage = { promptTokens: prompt.length, completionTokens: 0 }
    if (!this.#options.engine.supports.prefixCache) return usage
    let cachedTokens = 0
    while (cachedTokens < prompt.length - 1 && prompt[cachedTokens] === this.#remembered[cachedTokens]) cachedTokens++
    return { ...usage, cachedTokens }
  }

  #meet(at: FaultMoment, signal: AbortSignal): Promise<void> {
    const { engine, faults } = this.#options
    return faults.meet(at, { engine: engine.name, model: this.model, signal, die: () => engine.die() })
  }
}
