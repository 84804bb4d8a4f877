import type { ChatTransport, UIMessage } from 'ai'
import type { ChatMessage, ChatTool } from '../chat.ts'
import type { InferenceClient } from '../client/inference-client.ts'
import type { ChatRequest } from '../client/options.ts'
import { defined } from '../defined.ts'
import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import { either, readable } from './readable.ts'
import type { EdgewiseSettings } from './settings.ts'
import { type EdgewiseChunk, messageOf, uiChunks } from './ui-chunks.ts'
import { uiMessages } from './ui-messages.ts'
import type { EdgewiseUIMessage } from './ui-types.ts'

/** What a chat needs of a client: any client of this package has it. */
export type StreamingClient = Pick<InferenceClient, 'stream' | 'subscribe' | 'getSnapshot'>

/** What the chat asks the transport for. */
export type SendMessagesOptions<MESSAGE extends UIMessage> = Parameters<ChatTransport<MESSAGE>['sendMessages']>[0]

/** What requests of a chat say besides its messages. */
export type ChatFields = EdgewiseSettings & Pick<ChatRequest, 'model'>

/** Options of `EdgewiseChatTransport`. */
export interface EdgewiseChatTransportOptions<MESSAGE extends UIMessage = EdgewiseUIMessage> {
  client: StreamingClient
  /** Goes before the messages of the chat, in every request. Defaults to none. */
  system?: string | undefined
  /**
   * What the model may call. Definitions only: calls are run by the chat's `onToolCall`, or by whoever gives it the
   * output. Defaults to none.
   */
  tools?: ChatTool[] | undefined
  /**
   * Other fields of every request, such as `temperature` and `privacy`, or what the function makes of what is sent. The
   * `body` of one `sendMessage` wins over them. `conversationId` defaults to the chat's id.
   */
  request?: ChatFields | ((options: SendMessagesOptions<MESSAGE>) => ChatFields | Promise<ChatFields>) | undefined
  /** Told of every failure; what it returns the UI shows as `error.message`. Defaults to the error's message. */
  onError?: ((error: unknown) => string) | undefined
}

/**
 * Answers a chat of the AI SDK, on the device or on the server: `useChat({ transport: new EdgewiseChatTransport({ client })
 * })`. Nothing but what the client sends leaves the page.
 *
 * While a model is loaded, `onData` gets `data-edgewise-progress` parts. An answer that broke off, and that nobody can go
 * on with, begins anew in its place; set `handover` to have it fail instead. How it came about is a
 * `data-edgewise-route` part, and `metadata.edgewise` of the message.
 *
 * A request that can't be meant rejects with an InvalidRequestError, which becomes the chat's `error`; any failure after
 * that is an `error` chunk.
 */
export class EdgewiseChatTransport<MESSAGE extends UIMessage = EdgewiseUIMessage> implements ChatTransport<MESSAGE> {
  readonly #options: EdgewiseChatTransportOptions<MESSAGE>

  constructor(options: EdgewiseChatTransportOptions<MESSAGE>) {
    this.#options = options
  }

  async sendMessages(options: SendMessagesOptions<MESSAGE>): Promise<ReadableStream<EdgewiseChunk>> {
    const { client, onError: errorText = messageOf } = this.#options
    const request = await this.#requestOf(options)
    const work = new AbortController()
    const signal = either(work, options.abortSignal)
    const events = client.stream(request, { signal })
    return readable(work, (sink) => {
      const watch = () => watchLoad(client, (chunk) => sink.enqueue(chunk))
      return uiChunks(events, { signal, errorText, watch })
    })
  }

  /** An answer ends with its page: there is never one to go on with. */
  async reconnectToStream(): Promise<null> {
    return null
  }

  async #requestOf(options: SendMessagesOptions<MESSAGE>): Promise<ChatRequest> {
    const { system, tools, request = {} } = this.#options
    if (options.headers) {
      const message = 'Give `headers` to the client: a chat has none of its own.'
      throw new InvalidRequestError(message, { param: 'headers' })
    }
    const fields = typeof request === 'function' ? await request(options) : request
    const before: ChatMessage[] = system === undefined ? [] : [{ role: 'system', content: system }]
    return {
      conversationId: options.chatId,
      ...defined({ tools }),
      ...fields,
      ...(options.body as ChatFields | undefined),
      messages: [...before, ...uiMessages(options.messages)],
    }
  }
}

/** Tells how far the load is that the client shows, until the function returned is called. */
function watchLoad(client: StreamingClient, tell: (chunk: EdgewiseChunk) => void): () => void {
  let told: object | undefined
  return client.subscribe(() => {
    const { phase, progress, model } = client.getSnapshot()
    if (phase !== 'loading' || !progress || model === undefined || progress === told) return
    told = progress
    tell({ type: 'data-edgewise-progress', data: { ...progress, model }, transient: true })
  })
}
