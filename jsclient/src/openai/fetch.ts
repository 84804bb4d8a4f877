import { toByteStream } from '../byte-stream.ts'
import type { ChatCompletions } from '../client/chat.ts'
import type { ChatRequest, WaitOptions } from '../client/options.ts'
import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import type { ModelInfo } from '../wire.ts'
import { errorBody, errorResponse, notFound } from './error-response.ts'

/** The part of a client that is asked. `HybridInferenceClient` and `LocalInferenceClient` have it. */
export interface OpenAIClient {
  readonly chat: { readonly completions: ChatCompletions }
  readonly models: readonly ModelInfo[]
  /** As `HybridInferenceClient.initialize`. */
  initialize(options?: WaitOptions): Promise<void>
}

/** The model that requests may name where it is the policies' to choose. */
const AUTO = 'auto'

/**
 * Makes a `fetch` for clients that speak OpenAI's API, such as that of the `openai` package or the AI SDK's
 * `createOpenAICompatible`. Only the path of an address counts, whatever host it names; nothing is sent there.
 *
 * - POST `…/chat/completions` is `client.chat.completions.create`, streamed or not. The body may have the wishes of
 *   `ChatRequest` besides OpenAI's fields, such as `privacy: "local-only"`. A whole answer has its `route`.
 * - GET `…/models` lists "auto", and the models that may answer in the page.
 *
 * Anything else is a 404. Failures are responses in OpenAI's shape: 400 for what can't be meant, the server's own status
 * where it refused, and 503 where nobody may answer or could. What fails in mid-stream is an error event, and the stream then
 * ends without its `[DONE]`: nothing is said twice. An aborted request rejects with its signal's reason.
 */
export function openaiFetch(client: OpenAIClient): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const { pathname } = new URL(request.url)
    try {
      if (request.method === 'POST' && pathname.endsWith('/chat/completions')) return await chat(client, request)
      if (request.method === 'GET' && pathname.endsWith('/models')) return await models(client, request)
      return notFound(`${request.method} ${pathname}`)
    } catch (error) {
      request.signal.throwIfAborted()
      return errorResponse(error)
    }
  }
}

async function chat(client: OpenAIClient, request: Request): Promise<Response> {
  const { signal } = request
  const body = await bodyOf(request)
  if (!body.stream) return Response.json(await client.chat.completions.create({ ...body, stream: false, signal }))
  const stream = await client.chat.completions.create({ ...body, stream: true, signal })
  const chunks = stream[Symbol.asyncIterator]()
  // What fails before the first chunk has a status of its own.
  const first = await chunks.next()
  const event = (data: string): string => `data: ${data}\n\n`
  const events = toByteStream(chunks, {
    first,
    write: (chunk) => event(JSON.stringify(chunk)),
    end: event('[DONE]'),
    fail: (error) => event(JSON.stringify(errorBody(error))),
  })
  return new Response(events, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
}

async function models(client: OpenAIClient, { signal }: Request): Promise<Response> {
  await client.initialize({ signal })
  const entry = (id: string, owned_by: string) => ({ id, object: 'model', created: 0, owned_by })
  const data = [entry(AUTO, 'edgewise'), ...client.models.map(({ id, framework }) => entry(id, framework))]
  return Response.json({ object: 'list', data })
}

async function bodyOf(request: Request): Promise<ChatRequest> {
  const body: unknown = await request.json().catch((cause: unknown) => {
    request.signal.throwIfAborted()
    throw new InvalidRequestError('The body must be JSON.', { cause })
  })
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as ChatRequest
  throw new InvalidRequestError('The body must be an object.')
}
