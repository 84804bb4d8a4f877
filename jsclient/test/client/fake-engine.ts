import type {
  Engine,
  EngineEvent,
  EngineRequest,
  GenerateOptions,
  LoadedModel,
  LoadOptions,
} from '../../src/engine/engine.ts'
import { EngineError, type EngineErrorCode } from '../../src/errors/engine-error.ts'
import type { EngineLostError } from '../../src/errors/engine-lost-error.ts'
import { ModelLoadError } from '../../src/errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../src/wire.ts'

/** What goes wrong, and how an engine of the tests behaves. */
export interface FakeOptions {
  name?: string
  /** What it answers, a token each. */
  tokens?: string[]
  /** Fails to load. */
  failLoad?: boolean
  /** Fails to generate after that many tokens. */
  failAt?: number | undefined
  /** How. Defaults to "lost". */
  failCode?: EngineErrorCode
  /** Says nothing more after that many tokens, until it is aborted. */
  hangAt?: number
  /** Loading ends when this does, or when it is aborted. */
  loading?: Promise<void>
  /** Models on disk. */
  cached?: string[]
}

/** An engine that keeps the contract, runs nothing, and writes down what happens to it. */
export class FakeEngine implements Engine {
  readonly name: string
  readonly supports = {
    tools: false,
    jsonSchema: false,
    images: false,
    logprobs: false,
    seed: true,
    stop: true,
    n: 1,
    continuation: false,
  }
  readonly options: FakeOptions
  readonly log: string[] = []
  readonly requests: EngineRequest[] = []
  /** Tokens of the last generation that were made. */
  generated = 0
  lose: ((error: EngineLostError) => void) | undefined

  constructor(options: FakeOptions = {}) {
    this.options = options
    this.name = options.name ?? 'fake'
  }

  async status(model: ModelInfo): Promise<'absent' | 'cached'> {
    return this.options.cached?.includes(model.id) ? 'cached' : 'absent'
  }

  async load(model: ModelInfo, { signal, onProgress }: LoadOptions = {}): Promise<LoadedModel> {
    this.log.push(`load ${model.id}`)
    onProgress?.({ progress: 0.5, stage: 'download' })
    await untilAborted(this.options.loading ?? Promise.resolve(), signal).catch((error) => {
      this.log.push(`abort ${model.id}`)
      throw error
    })
    if (this.options.failLoad) throw new ModelLoadError(model.id, 'broken on purpose', { code: 'out_of_memory' })
    onProgress?.({ progress: 1, stage: 'load' })
    this.log.push(`loaded ${model.id}`)
    const lost = new Promise<EngineLostError>((resolve) => {
      this.lose = resolve
    })
    return {
      model,
      lost,
      generate: (request, options) => this.#generate(model, request, options),
      unload: async () => {
        this.log.push(`unload ${model.id}`)
      },
    }
  }

  async dispose(): Promise<void> {
    this.log.push('dispose')
  }

  async *#generate(
    model: ModelInfo,
    request: EngineRequest,
    { signal }: GenerateOptions = {},
  ): AsyncGenerator<EngineEvent, void, undefined> {
    this.requests.push(request)
    this.generated = 0
    this.log.push(`generate ${model.id}`)
    const { tokens = ['Hello', ' from', ' here'], failAt, failCode = 'lost', hangAt } = this.options
    const planned = tokens.slice(0, request.maxTokens)
    try {
      for (const text of planned) {
        if (this.generated === failAt) throw new EngineError('broken on purpose', { stage: 'generate', code: failCode })
        if (this.generated === hangAt) await untilAborted(new Promise<void>(() => {}), signal)
        await untilAborted(new Promise<void>((resolve) => setImmediate(resolve)), signal)
        this.generated++
        yield { type: 'delta', text, tokens: 1 }
      }
      const finishReason = planned.length < tokens.length ? 'length' : 'stop'
      yield { type: 'done', finishReason, usage: { promptTokens: 7, completionTokens: planned.length } }
    } finally {
      this.log.push(`stop ${model.id}`)
    }
  }
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal?.reason)
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal?.removeEventListener('abort', abort))
  })
}
