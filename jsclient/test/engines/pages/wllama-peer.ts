/**
 * The real package with a tap: counts the tokens that llama.cpp makes, also those after an abort that nobody sees. Served
 * as a module of its own, it also stands for the package in a page without a bundler.
 */
import * as wllama from '@wllama/wllama/esm/index.js'
import type {
  ChatChunk,
  ChatRequest,
  ChatStream,
  LoadParameters,
  WllamaPeer,
} from '../../../src/engines/wllama/peer.ts'

// Its declarations need a bundler's module resolution.
const peer = wllama as unknown as WllamaPeer

/** What the page reads and sets. */
class Tap {
  tokens = 0
  last: Wllama | undefined
  request: ChatRequest | undefined
  /** Overrides what the adapter loads with, as a model with another chat template would. */
  load: Partial<LoadParameters> & { chat_template?: string } = {}
}

export const tap = new Tap()

export class Wllama extends peer.Wllama {
  declare isMultithread: () => boolean

  constructor(...args: ConstructorParameters<WllamaPeer['Wllama']>) {
    super(...args)
    tap.last = this
  }

  override loadModel(files: Blob[], parameters: LoadParameters): Promise<void> {
    return super.loadModel(files, { ...parameters, ...tap.load })
  }

  override getLoadedContextInfo() {
    const info = super.getLoadedContextInfo()
    const { chat_template } = tap.load
    return chat_template ? { ...info, metadata: { 'tokenizer.chat_template': chat_template } } : info
  }

  override createChatCompletion({ onData, ...request }: ChatRequest & ChatStream): Promise<void> {
    tap.request = request
    let before = 0
    const counting = (chunk: ChatChunk) => {
      const finish = chunk.choices[0]?.finish_reason
      const endTokens = finish && finish !== 'length' ? 1 : 0
      const now = Math.max(before, (chunk.timings?.predicted_n ?? before) - endTokens)
      tap.tokens += now - before
      before = now
      onData(chunk)
    }
    return super.createChatCompletion({ ...request, onData: counting })
  }
}
