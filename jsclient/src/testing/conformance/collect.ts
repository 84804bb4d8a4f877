import type { EngineEvent, EngineRequest, LoadedModel } from '../../engine/engine.ts'
import { expect } from './expect.ts'

type Done = Extract<EngineEvent, { type: 'done' }>

/** A whole answer. */
export interface Collected {
  text: string
  /** Sum over the deltas. */
  tokens: number
  deltas: number
  done: Done
}

/** Reads an answer to its end. Throws when it has not the form that every answer must have. */
export async function collect(loaded: LoadedModel, request: EngineRequest, signal?: AbortSignal): Promise<Collected> {
  let text = ''
  let tokens = 0
  let deltas = 0
  let done: Done | undefined
  for await (const event of loaded.generate(request, { signal })) {
    expect(!done, 'nothing comes after done')
    if (event.type === 'done') {
      checkDone(event)
      done = event
    } else {
      expect(event.type === 'delta' && typeof event.text === 'string', 'an event is a delta with text, or done')
      expect(isCount(event.tokens), `a delta's tokens are a count, not ${event.tokens}`)
      text += event.text
      tokens += event.tokens
      deltas++
    }
  }
  expect(done !== undefined, 'the answer has a done')
  const { completionTokens } = done.usage
  expect(tokens === completionTokens, `deltas add up to the ${completionTokens} tokens of the usage, not to ${tokens}`)
  return { text, tokens, deltas, done }
}

function checkDone({ finishReason, usage, toolCalls }: Done): void {
  const { promptTokens, completionTokens, cachedTokens = 0 } = usage
  expect(['stop', 'length', 'tool_calls', 'content_filter'].includes(finishReason), `${finishReason} is a reason`)
  expect((finishReason === 'tool_calls') === Boolean(toolCalls?.length), 'there are tool calls just when it says so')
  expect(isCount(promptTokens) && promptTokens > 0, `the prompt's tokens are counted, not ${promptTokens}`)
  expect(isCount(completionTokens), `the answer's tokens are counted, not ${completionTokens}`)
  expect(isCount(cachedTokens) && cachedTokens <= promptTokens, `${cachedTokens} of ${promptTokens} may be cached`)
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
