/**
 * A scripted `LLMChatPipeline` beneath the real `MLCEngine` of `@mlc-ai/web-llm` 0.2.86: what checks requests, renders
 * conversations, decides what the key-value cache keeps, streams and counts is the package; tokens come from a script.
 */
import type { MLCEngine, MLCEngineConfig, WebLLMPeer } from '../../src/engines/webllm/peer.ts'
import { CONTEXT_WINDOW, later, tooLong } from './webllm-script.ts'

/** The package's own, with the chat template of a ChatML model. */
interface Conversation {
  messages: unknown[]
  appendMessage(role: string, text: string, name?: string): void
  appendReplyHeader(role: string): void
  finishReply(text: string): void
  getPromptArray(config: object): string[]
  getPromptArrayLastRound(config: object): string[]
}

const CHAT_CONFIG = {
  conv_template: {
    system_template: '<|im_start|>system\n{system_message}<|im_end|>\n',
    system_message: 'You are a robot.',
    roles: { user: '<|im_start|>user', assistant: '<|im_start|>assistant', tool: '<|im_start|>tool' },
    role_templates: { user: '{user_message}', assistant: '{assistant_message}', tool: '{tool_message}' },
    role_content_sep: '\n',
    role_empty_sep: '\n',
    seps: ['<|im_end|>\n'],
    stop_str: [],
    stop_token_ids: [0],
  },
}

/** One for a word, a marker of the template, or a line feed. */
const tokenize = (text: string) => text.match(/<\|\w+\|>|\n|[^\s<]+|</g) ?? []

export class ScriptedPipeline {
  /** All that the model has read since its cache was emptied. */
  read: string[] = []
  generated = 0
  /** Called for every token. */
  onToken: () => void = () => {}
  readonly #tokens: readonly string[]
  #conversation = { messages: [] } as unknown as Conversation
  #finish: string | undefined
  #stopped = true
  #said: string[] = []
  #promptTokens = 0
  #completionTokens = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  resetChat(): void {
    this.read = []
    this.#finish = undefined
  }
  getConversationObject = () => this.#conversation
  setConversation(conversation: Conversation): void {
    this.#conversation = conversation
  }
  getFinishReason = () => this.#finish
  stopped = () => this.#stopped
  getMessage = () => this.#said.join('')
  setSeed(): void {}
  getCurRoundPrefillTotalTokens = () => this.#promptTokens
  getCurRoundCompletionTotalTokens = () => this.#completionTokens
  getCurRoundDecodingTotalTokens = () => this.#completionTokens - 1
  getCurRoundPrefillTotalTime = () => 1
  getCurRoundDecodingTotalTime = () => 1
  getCurRoundPrefillTokensPerSec = () => 1
  getCurRoundDecodingTokensPerSec = () => 1
  getCurRoundGrammarInitTotalTime = () => 0
  getCurRoundGrammarPerTokenTotalTime = () => 0
  dispose(): void {}
  sync = async () => {}

  async prefillStep(text: string, role: string, name: string | undefined, config: Limits): Promise<void> {
    this.#stopped = false
    this.#said = []
    this.#completionTokens = 0
    const conversation = this.#conversation
    conversation.appendMessage(role, text, name)
    conversation.appendReplyHeader('assistant')
    const prompt = this.read.length === 0 ? conversation.getPromptArray({}) : conversation.getPromptArrayLastRound({})
    const tokens = prompt.flatMap(tokenize)
    const length = this.read.length + tokens.length
    if (length > CONTEXT_WINDOW)
      throw Object.assign(new Error(tooLong(length)), { name: 'ContextWindowSizeExceededError' })
    this.#promptTokens = tokens.length
    this.read.push(...tokens)
    await this.#sample(config)
  }

  async decodeStep(config: Limits): Promise<void> {
    this.read.push(this.#said.at(-1) ?? '')
    await this.#sample(config)
  }

  triggerStop(): void {
    if (!this.#stopped) this.#stop('abort')
  }

  /** Each token takes a turn of the event loop, as waiting for a GPU does. */
  async #sample({ max_tokens }: Limits): Promise<void> {
    await new Promise<void>((resolve) => later(resolve))
    this.#completionTokens++
    const token = this.#tokens[this.#said.length]
    if (token === undefined) return this.#stop('stop')
    this.#said.push(token)
    this.generated++
    this.onToken()
    if (this.#said.length >= max_tokens) this.#stop('length')
  }

  #stop(reason: string): void {
    this.#stopped = true
    this.#finish = reason
    this.#conversation.finishReply(this.getMessage())
  }
}

interface Limits {
  max_tokens: number
}

/** Private parts of the real engine. */
interface EngineParts extends MLCEngine {
  reload(id: string): Promise<void>
  loadedModelIdToLock: Map<string, Lock>
  loadedModelIdToModelType: Map<string, number>
  getLLMStates: (name: string, id: string) => unknown
}

export type MLCEngineClass = new (config: MLCEngineConfig) => MLCEngine

/**
 * The real package, whose engines load for real as far as `stubLibrary` leads, to where the model's own program would be
 * needed; then the pipeline takes over. Without `loads` they load nothing.
 */
export function pipelinePeer(
  webllm: WebLLMPeer & { MLCEngine: MLCEngineClass },
  pipeline: ScriptedPipeline,
  loads: boolean,
): WebLLMPeer {
  return {
    ...webllm,
    async CreateMLCEngine(id, config) {
      const engine = new webllm.MLCEngine(config) as EngineParts
      if (loads) await engine.reload(id).catch(unlessItIsTheProgram)
      engine.loadedModelIdToLock.set(id, new Lock())
      engine.loadedModelIdToModelType.set(id, 0)
      engine.getLLMStates = () => [id, pipeline, CHAT_CONFIG]
      return engine
    },
  }
}

/** The library has no program for the virtual machine, which is the first thing that is done once all files are there. */
function unlessItIsTheProgram(error: Error): void {
  if (!error.message.includes("reading 'getFunction'")) throw error
}

/** As the package's own, which it does not export. */
class Lock {
  #tail: Promise<void> = Promise.resolve()
  #release = () => {}

  async acquire(): Promise<void> {
    const before = this.#tail
    let release = () => {}
    this.#tail = new Promise((resolve) => {
      release = resolve
    })
    await before
    this.#release = release
  }

  async release(): Promise<void> {
    this.#release()
  }
}
