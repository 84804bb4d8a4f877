import { NetworkError } from '../errors/network-error.ts'
import { StreamInterruptedError } from '../errors/stream-interrupted-error.ts'
import type { ChatCompletionChunk } from '../wire.ts'
import { errorFromBody, invalidResponse, isErrorBody, parseJSON } from './error-response.ts'
import { type SSEEvent, SSEParser } from './sse.ts'

/** How long the rest of a finished stream may take before its connection is given up, ms. */
const DRAIN_MS = 5000

/**
 * The chunks of a streamed chat completion, until its `[DONE]`. Throws a ServerError for an error in the stream, a
 * StreamInterruptedError when the stream ends or breaks before `[DONE]`, and the signal's reason when it aborts.
 * Leaving the loop cancels the request.
 */
export async function* readChatStream(
  response: Response,
  options: { model?: string | undefined; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  const { signal } = options
  const { body, headers } = response
  if (!body || !headers.get('content-type')?.startsWith('text/event-stream')) {
    body?.cancel().catch(() => {})
    throw invalidResponse(response, 'an event stream')
  }
  const reader = body.getReader()
  const cancel = (): void => void reader.cancel().catch(() => {})
  // fetch does this itself; an injected one may not.
  signal?.addEventListener('abort', cancel, { once: true })

  const parser = new SSEParser()
  let partialText = ''
  let finished = false
  const interrupted = (error?: unknown): StreamInterruptedError =>
    new StreamInterruptedError(partialText, [{ target: 'server', model: options.model, error }], { cause: error })

  try {
    for (;;) {
      const { done, events } = await readEvents(reader, parser).catch((error: unknown) => {
        if (signal?.aborted) throw signal.reason
        throw interrupted(error instanceof TypeError ? new NetworkError(response.url, { cause: error }) : error)
      })
      signal?.throwIfAborted()
      for (const { data, unterminated } of events) {
        if (data === '[DONE]') {
          finished = true
          return
        }
        const value = parseJSON(data)
        if (isErrorBody(value)) throw errorFromBody(value, response)
        if (!isChunk(value)) throw unterminated ? interrupted() : invalidResponse(response, 'a stream of chunks')
        partialText += value.choices.find(({ index }) => index === 0)?.delta?.content ?? ''
        yield value
        signal?.throwIfAborted()
      }
      if (done) throw interrupted()
    }
  } finally {
    signal?.removeEventListener('abort', cancel)
    if (finished) void drain(reader)
    else cancel()
  }
}

async function readEvents(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  parser: SSEParser,
): Promise<{ done: boolean; events: SSEEvent[] }> {
  const { done, value } = await reader.read()
  return { done, events: done ? parser.end() : parser.push(value) }
}

/**
 * Reads what comes after `[DONE]`, in the background: cancelling would close the connection, and to the server that
 * looks like a user who left before the end.
 */
async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), DRAIN_MS)
  try {
    while (!(await reader.read()).done);
  } catch {
    // Everything that matters has arrived.
  } finally {
    clearTimeout(timer)
  }
}

function isChunk(value: unknown): value is ChatCompletionChunk {
  return Array.isArray((value as ChatCompletionChunk | null | undefined)?.choices)
}
