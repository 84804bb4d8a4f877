/** An engine that fails at every token, by every way of asking: one whole answer or one typed error, nothing twice. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import type { RoutingOptions } from '../../src/client/options.ts'
import { isInvalidRequestError } from '../../src/errors/invalid-request-error.ts'
import { isStreamInterruptedError } from '../../src/errors/stream-interrupted-error.ts'
import { promptOf } from '../../src/testing/answer.ts'
import type { EngineFault } from '../../src/testing/engine-faults.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { FakeServer } from '../../src/testing/fake-server.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { ChatCompletionRequest, ChatMessage, Continuation } from '../../src/wire.ts'
import { type Got, WAYS, type Way } from './handover-ways.ts'

/** It repeats itself, says nothing here and there, and cuts words: what naive joins trip over. */
const TOKENS = ['The', ' cat', ' sat', ' and', '', ' sat', ',', ' and', ' s', 'at', '.', '\n\n', '🙂', ' END', ' more']
const messages: ChatMessage[] = [{ role: 'user', content: 'What did it do?' }]
const PROMPT = promptOf(messages).length

/** What limits an answer, and what is then left of it. */
const LIMITS = [
  { name: 'no limit', does: 'die', request: {}, length: TOKENS.length, finish: 'stop' },
  { name: 'max_tokens', does: 'fail', request: { max_tokens: 9 }, length: 9, finish: 'length' },
  { name: 'a stop text', does: 'die', request: { stop: 'END' }, length: 14, finish: 'stop' },
  { name: 'a stop text over three tokens', does: 'fail', request: { stop: 'd sat.' }, length: 11, finish: 'stop' },
] as const

type Limit = (typeof LIMITS)[number]

function reference({ length, request }: Limit): string {
  const text = TOKENS.slice(0, length).join('')
  const stop = 'stop' in request ? request.stop : undefined
  return stop === undefined ? text : text.slice(0, text.indexOf(stop))
}

const WISHES = ['continue', 'restart', 'fail', undefined] as const

interface Case {
  way: Way
  wish: RoutingOptions['handover']
  continuation: Continuation
  limit: Limit
  fault: EngineFault
  echoes?: boolean
}

interface Outcome extends Got {
  engine: FakeEngine
  server: FakeServer
  asked: ChatCompletionRequest[]
}

/** All at once, by one clock: what differs is where they break. */
async function runAll(cases: readonly Case[]): Promise<Outcome[]> {
  using clock = VirtualClock.install()
  return await clock.until(Promise.all(cases.map(run)))
}

async function run({ way, wish, continuation, limit, fault, echoes }: Case): Promise<Outcome> {
  const engine = new FakeEngine({ answer: TOKENS, tokenMs: 20, loadMs: 300, faults: [fault] })
  const server = new FakeServer({
    answer: TOKENS,
    tokenMs: 5,
    latencyMs: 40,
    faults: echoes ? [{ does: 'echo' }] : [],
    snapshot: { subject: { rolloutBucket: 0, server: { continuation } } },
  })
  const { baseURL, fetch } = server
  const detector = { detect: async () => ({}), detectState: async () => ({}) }
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine], detector, storage: false })
  const got = await way.ask(client, { messages, ...limit.request }, wish && { handover: wish })
  await client.dispose()
  return { ...got, engine, server, asked: server.bodies<ChatCompletionRequest>('/chat/completions') }
}

describe('a hand-over in mid-answer', () => {
  for (const way of WAYS) {
    for (const wish of WISHES) {
      for (const continuation of ['native', 'none'] as const) {
        it(`${way.name}, ${wish ?? 'by default'}, continuation ${continuation}`, async () => {
          for (const limit of wish ? LIMITS : LIMITS.slice(0, 1)) {
            const faults = Array.from({ length: limit.length + 1 }, (_, at) => ({ does: limit.does, at }))
            const cases = faults.map((fault): Case => ({ way, wish, continuation, limit, fault }))
            const outcomes = await runAll(cases)
            for (const [at, got] of outcomes.entries()) {
              try {
                check(cases[at] as Case, at, got)
              } catch (error) {
                throw new Error(`${limit.name}, token ${at}: ${(error as Error).message}`, { cause: error })
              }
            }
          }
        })
      }
    }
  }

  it('takes out what a server repeats, at every token and by every way', async () => {
    for (const way of WAYS) {
      const faults = TOKENS.map((_, i): EngineFault => ({ does: 'die', at: i + 1 }))
      const asked = { way, wish: 'continue', continuation: 'native', limit: LIMITS[0], echoes: true } as const
      for (const [i, got] of (await runAll(faults.map((fault) => ({ ...asked, fault })))).entries()) {
        assert.equal(got.error, undefined, `${way.name}, token ${i + 1}`)
        assert.equal(got.text, TOKENS.join(''), `${way.name}, token ${i + 1}`)
        assert.equal(got.finishReasons.length, 1)
      }
    }
  })
})

function check({ way, wish, continuation, limit }: Case, at: number, got: Outcome): void {
  const whole = reference(limit)
  const { error, asked } = got
  if (wish === 'restart' && !way.restarts) {
    assert.ok(isInvalidRequestError(error) && error.param === 'handover', String(error))
    assert.deepEqual([got.text, asked.length, got.engine.requests.length], ['', 0, 0])
    return
  }
  const meant = wish ?? (way.streams ? 'continue' : 'restart')
  /** What had come when the engine failed: text that may begin a stop is held back. */
  const before = visible(limit, at)
  const atEnd = limit.finish === 'length' && at === limit.length
  const fails = before !== '' && !atEnd && (meant === 'fail' || (!way.restarts && continuation === 'none'))
  const failsAtEnd = atEnd && meant === 'fail'
  if (fails || failsAtEnd) {
    assert.ok(isStreamInterruptedError(error), String(error))
    assert.equal(error.partialText, before)
    assert.ok(whole.startsWith(error.partialText))
    if (way.streams) assert.equal(got.text, before)
    assert.deepEqual(got.finishReasons, [])
    assert.equal(asked.length, 0, 'nobody else is asked')
    return
  }
  assert.equal(error, undefined, String(error))
  assert.equal(got.text, whole)
  assert.deepEqual(got.finishReasons, [limit.finish])
  const continues = before !== '' && meant === 'continue' && continuation === 'native'
  if (atEnd && meant === 'continue') {
    assert.equal(asked.length, 0, 'there was nothing to ask for')
    assert.equal(got.route?.completionTokens, limit.length)
    return
  }
  assert.equal(asked.length, 1)
  const [body] = asked
  const { route, usage } = got
  assert.equal(route?.attempts.length, 2)
  assert.equal(route?.attempts[1]?.continued, continues || undefined)
  if (continues) {
    assert.deepEqual(body?.messages, [...messages, { role: 'assistant', content: before }])
    assert.deepEqual([body?.continue_final_message, body?.add_generation_prompt], [true, false])
    if (limit.request && 'max_tokens' in limit.request)
      assert.equal(body?.max_tokens, limit.length - counted(limit, at))
  } else {
    assert.deepEqual(body?.messages, messages)
    assert.equal(body?.continue_final_message, undefined)
  }
  const prompt = continues ? promptOf(body?.messages ?? [], true).length : PROMPT
  const completion = continues ? counted(limit, at) + rest(limit, before) : limit.length
  if (usage) assert.deepEqual([usage.prompt_tokens, usage.completion_tokens], [prompt, completion])
  assert.deepEqual([route?.promptTokens, route?.completionTokens], [prompt, completion])
  if (got.chunks) {
    assert.equal(new Set(got.chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size, 1)
    assert.equal(got.chunks.flatMap(({ choices }) => choices).filter(({ delta }) => delta.role).length, 1)
    assert.equal(got.chunks.filter(({ usage }) => usage).length, 1)
  }
}

/** The text that a caller has when the engine fails at a token. */
function visible(limit: Limit, at: number): string {
  const text = TOKENS.slice(0, at).join('')
  const stop = 'stop' in limit.request ? limit.request.stop : undefined
  if (stop === undefined) return text
  const found = text.indexOf(stop)
  if (found >= 0) return text.slice(0, found)
  for (let held = Math.min(text.length, stop.length - 1); held > 0; held--) {
    if (text.endsWith(stop.slice(0, held))) return text.slice(0, -held)
  }
  return text
}

/** Tokens whose text, or some of it, the caller has. */
function counted(limit: Limit, at: number): number {
  let tokens = 0
  for (let n = 1; n <= at; n++) if (visible(limit, n) !== visible(limit, n - 1)) tokens = n
  return tokens
}

/** Tokens that a server says after a text. */
function rest(limit: Limit, before: string): number {
  let left = before.length
  const tokens = TOKENS.slice(0, limit.length).filter((token) => {
    const isOver = left > 0 && token.length <= left
    left = Math.max(0, left - token.length)
    return !isOver
  })
  return tokens.length
}
