/**
 * A worker that speaks the protocol of `@mlc-ai/web-llm` 0.2.86 from a script instead of a GPU: what lies behind the real
 * `CreateWebWorkerMLCEngine`.
 */
import type { MLCEngine, MLCEngineConfig, WebLLMPeer } from '../../src/engines/webllm/peer.ts'

interface Message {
  kind: string
  uuid: string
  content: unknown
}

/** A turn of the event loop, in Node and in a browser. */
export const later: (run: () => void) => void = globalThis.setImmediate ?? ((run: () => void) => setTimeout(run, 0))

export interface Script {
  /** What the model says, a token each. */
  tokens: string[]
  /** Throws a string, as the real worker does, when it says so. */
  fail?: Partial<Record<string, string>>
  /** Kinds that are never answered. */
  hang?: string[]
  /** `reload` resolves without a model, as after an unload in the middle. */
  reloadsNothing?: boolean
  toolCalls?: unknown[]
  /** Milliseconds that a token takes. Defaults to a turn of the event loop. */
  tokenMs?: number
  /** As 0.2.79: an interruption makes the next stream end at once with "abort". */
  staleAbort?: boolean
}

/** The real package over a scripted worker. Whatever makes engines of it gets one that the worker answers for. */
export function scriptedPeer(
  webllm: WebLLMPeer & { CreateWebWorkerMLCEngine: CreateWebWorkerMLCEngine },
  worker: ScriptedWorker,
): WebLLMPeer {
  return { ...webllm, CreateMLCEngine: (id, config) => webllm.CreateWebWorkerMLCEngine(worker, id, config) }
}

type CreateWebWorkerMLCEngine = (
  worker: Pick<Worker, 'postMessage' | 'onmessage'>,
  modelId: string,
  config: MLCEngineConfig,
) => Promise<MLCEngine>

/** Of every model that has a script; that of `testModel()`. */
export const CONTEXT_WINDOW = 512

/** As the package says it. */
export const tooLong = (tokens: number) =>
  `Prompt tokens exceed context window size: number of prompt tokens: ${tokens}; context window size: ${CONTEXT_WINDOW}`

/** A token a word, and those of the template. */
function promptTokensOf(messages: unknown[]): number {
  return JSON.stringify(messages).split(' ').length + messages.length + 6
}

interface Stream {
  chunks: Iterator<unknown>
  request: { max_tokens: number; messages: unknown[] }
}

export class ScriptedWorker implements Pick<Worker, 'postMessage' | 'terminate' | 'onmessage'> {
  onmessage: ((this: Worker, event: MessageEvent) => unknown) | null = null
  readonly received: Message[] = []
  readonly requests: Record<string, unknown>[] = []
  terminated = false
  generated = 0
  /** Called for every token. */
  onToken: () => void = () => {}
  readonly #script: Script
  readonly #streams = new Map<string, Stream>()
  #interrupted = false
  #loaded = false

  constructor(script: Script) {
    this.#script = script
  }

  terminate(): void {
    this.terminated = true
  }

  postMessage(message: Message): void {
    this.received.push(structuredClone(message))
    const handle = () => this.#handle(structuredClone(message))
    const { tokenMs } = this.#script
    if (tokenMs && message.kind === 'completionStreamNextChunk') setTimeout(handle, tokenMs)
    else later(handle)
  }

  kinds(): string[] {
    return this.received.map((message) => message.kind)
  }

  #answer(kind: string, uuid: string, content: unknown): undefined {
    if (this.terminated) return
    this.onmessage?.call(this as unknown as Worker, new MessageEvent('message', { data: { kind, uuid, content } }))
  }

  #handle({ kind, uuid, content }: Message): undefined {
    if (this.terminated || this.#script.hang?.includes(kind)) return
    const failure = this.#script.fail?.[kind]
    if (failure !== undefined) return this.#answer('throw', uuid, failure)
    switch (kind) {
      case 'reload':
        return this.#reload(uuid)
      case 'getMessage':
        if (this.#loaded) return this.#answer('return', uuid, '')
        return this.#answer('throw', uuid, 'ModelNotLoadedError: Model not loaded before calling getMessage')
      case 'chatCompletionStreamInit': {
        const { streamId, request } = content as { streamId: string; request: Stream['request'] }
        this.requests.push(request as unknown as Record<string, unknown>)
        this.#streams.set(streamId, { chunks: this.#stream(request), request })
        return this.#answer('return', uuid, null)
      }
      case 'completionStreamNextChunk': {
        const { streamId } = content as { streamId: string }
        const stream = this.#streams.get(streamId)
        const prompt = promptTokensOf(stream?.request.messages ?? [])
        if (prompt > CONTEXT_WINDOW)
          return this.#answer('throw', uuid, `ContextWindowSizeExceededError: ${tooLong(prompt)}`)
        return this.#answer('return', uuid, stream?.chunks.next().value)
      }
      case 'interruptGenerate':
        this.#interrupted = true
        return this.#answer('return', uuid, null)
      case 'setAppConfig':
      case 'setLogLevel':
        return
      default:
        return this.#answer('return', uuid, null)
    }
  }

  #reload(uuid: string): undefined {
    const reports = [
      { progress: 0, text: 'Start to fetch params' },
      { progress: 0.5, text: 'Fetching param cache[1/2]: 12MB fetched. 50% completed, 1 secs elapsed.' },
      { progress: 1, text: 'Fetching param cache[2/2]: 24MB fetched. 100% completed, 2 secs elapsed.' },
      { progress: 0.1, text: 'Loading model from cache[1/2]: 12MB loaded. 10% completed, 2 secs elapsed.' },
      { progress: 0.5, text: 'Loading GPU shader modules[20/40]: 50% completed, 0 secs elapsed.' },
      { progress: 1, text: 'Finish loading on WebGPU - test' },
    ]
    const step = () => {
      const report = reports.shift()
      if (report) {
        this.#answer('initProgressCallback', '', { timeElapsed: 1, ...report })
        later(step)
      } else {
        this.#loaded = !this.#script.reloadsNothing
        this.#answer('return', uuid, null)
      }
    }
    step()
  }

  *#stream({
    max_tokens: most,
    messages,
    ...request
  }: Stream['request'] & { tools?: unknown }): Generator<unknown, undefined> {
    if (!this.#script.staleAbort) this.#interrupted = false
    const chunk = (delta: object, finish: string | null) => ({
      id: 'x',
      model: 'm',
      object: 'chat.completion.chunk',
      created: 1,
      choices: [{ index: 0, delta, finish_reason: finish }],
    })
    let finish = 'stop'
    let said = 0
    for (const content of this.#script.tokens) {
      if (this.#interrupted || said === most) {
        finish = this.#interrupted ? 'abort' : 'length'
        break
      }
      said++
      this.generated++
      this.onToken()
      yield chunk({ role: 'assistant', content }, null)
    }
    // The step that samples the end token gives a chunk without text, and counts.
    if (finish === 'stop') yield chunk({ role: 'assistant', content: '' }, null)
    const calls = finish === 'stop' && request.tools ? this.#script.toolCalls : undefined
    yield chunk(calls ? { tool_calls: calls } : {}, calls ? 'tool_calls' : finish)
    const completion = said + (finish === 'stop' ? 1 : 0)
    const prompt = promptTokensOf(messages)
    this.#interrupted = false
    yield {
      ...chunk({}, null),
      choices: [],
      usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion, extra: {} },
    }
    return undefined
  }
}
