/** An OpenAI-compatible server of a test's own, behind the demo, with OpenAI's client before it. */
import type { ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import OpenAI from 'openai'
import type { DemoBuild } from '../browser/demo-program.ts'
import { loopback, type Seen, sendError, sendEvents, sendJSON } from '../transport/loopback.ts'

/** The model that the demo asks the upstream for. */
export const MODEL = 'scripted'

/** The key that the demo has for it. */
export const KEY = 'sk-interop-0123456789'

export type Answer = (response: ServerResponse, seen: Seen) => void

/** Headers of every answer: two that callers may want, and one that is none of their business. */
const HEADERS = { 'x-request-id': 'req-7', 'x-ratelimit-remaining-requests': '0', 'set-cookie': 'upstream=1' }

export interface Stack {
  client: OpenAI
  /** Chat requests as the upstream got them. */
  chats: readonly Seen[]
  /** How often the client has sent one. */
  sent(): number
}

/** Puts a client before a demo before an upstream that gives these answers, one a chat request. */
export async function open(t: TestContext, build: DemoBuild, ...answers: Answer[]): Promise<Stack> {
  const script = answers.values()
  const { baseURL, seen } = await loopback(t, (response, request) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    const answer = script.next().value ?? fails(500, { message: 'The script is at its end.' })
    answer(response, request)
  })
  process.env.INTEROP_KEY = KEY
  const demo = await build.start('-backend', baseURL, '-model', MODEL, '-key-env', 'INTEROP_KEY')
  t.after(demo.stop)
  let sent = 0
  const client = new OpenAI({
    baseURL: `${demo.origin}/api/v1`,
    apiKey: 'none',
    maxRetries: 0,
    fetch: (...request) => {
      sent++
      return fetch(...request)
    },
  })
  return { client, chats: seen, sent: () => sent }
}

/** A chunk with what OpenAI doesn't have: a member of its own, and one of its delta. */
export function chunk(content: string, finish_reason: string | null = null): object {
  const choices = [{ index: 0, delta: { content, reasoning_content: 'hm' }, finish_reason }]
  return { id: 'c-1', object: 'chat.completion.chunk', created: 1, model: MODEL, choices, vendor: { shard: 3 } }
}

/** Events of a stream that goes on after them, unless the last is "[DONE]". */
export function streams(...events: (object | '[DONE]')[]): Answer {
  return (response) =>
    sendEvents(
      response,
      events.map((event) => (event === '[DONE]' ? event : JSON.stringify(event))),
    )
}

/** An answer in one piece. */
export function says(content: string): Answer {
  const message = { role: 'assistant', content, refusal: null }
  const choices = [{ index: 0, message, finish_reason: 'stop', logprobs: null }]
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
  return (response) =>
    sendJSON(response, { id: 'c-1', object: 'chat.completion', created: 1, model: MODEL, choices, usage })
}

export function fails(status: number, error: object, headers: Record<string, string> = {}): Answer {
  return (response) => sendError(response, status, error, headers)
}
