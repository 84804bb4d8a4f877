/** What is said to the engine, it reads: whatever a model makes of it, it counts in the prompt. */
import type { EngineRequest } from '../../engine/engine.ts'
import type { ChatMessage } from '../../wire.ts'
import { collect } from './collect.ts'
import { expect, fails, unlessRefused } from './expect.ts'
import type { AnswerTrial, Checks } from './kit.ts'
import { brief, goesOn, same, textOf } from './requests.ts'

/** More words than the system message that a chat template may put in where there is none. */
const RULES = Array.from({ length: 12 }, (_, i) => `Rule ${i + 1}: be brief and kind.`).join(' ')

/** The largest context window that is worth filling. */
const LARGEST_WINDOW = 4096

/** A picture of one pixel. */
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

export const reading: Checks = ({ subject, withAnswers }) => {
  const { request, model } = subject

  /** Tokens of the prompt that these messages make. */
  const promptOf = async ({ loaded }: AnswerTrial, messages: ChatMessage[]): Promise<number> => {
    const { done } = await collect(loaded, { ...request, messages, maxTokens: 1 })
    return done.usage.promptTokens
  }

  return [
    withAnswers('a system message is read, or refused', async (trial) => {
      const without = await promptOf(trial, request.messages)
      const messages: ChatMessage[] = [{ role: 'system', content: RULES }, ...request.messages]
      const tokens = await unlessRefused('generate() with a system message', () => promptOf(trial, messages))
      if (tokens === undefined) return
      expect(tokens > without, `a system message makes the prompt longer than ${without} tokens, not ${tokens}`)
    }),

    withAnswers('every message of a long conversation is read', async (trial) => {
      let messages = request.messages
      for (let turn = 0; turn < 3; turn++) messages = goesOn({ ...request, messages }, 'An answer.')
      const tokens = await promptOf(trial, messages)
      for (const at of messages.keys()) {
        const longer = messages.map((message, i) => (i === at ? saysMore(message) : message))
        const more = await promptOf(trial, longer)
        const which = `message ${at + 1} of ${messages.length}`
        expect(more > tokens, `more words in ${which} make the prompt longer than ${tokens} tokens, not ${more}`)
      }
    }),

    withAnswers('a prompt that is longer than the context window is refused, not cut', async ({ loaded, ...trial }) => {
      const { contextWindow } = trial.supports
      const tokens = Math.min(model.contextWindow || Infinity, contextWindow || Infinity)
      if (tokens > LARGEST_WINDOW) return trial.skip(`no context window of up to ${LARGEST_WINDOW} tokens is declared`)
      const before = await collect(loaded, brief(request))
      const content = Array.from({ length: tokens }, (_, i) => i).join(' ')
      const long: EngineRequest = { ...request, messages: [{ role: 'user', content }], maxTokens: 4 }
      const call = `generate() with ${tokens} words in a context window of as many tokens`
      await fails(call, () => collect(loaded, long), 'generate', ['context_length_exceeded'])
      same(subject, before, await collect(loaded, brief(request)), 'the next answer is as before')
    }),

    withAnswers('an image is read, or refused', async (trial) => {
      if (!trial.supports.images) return trial.skip('it does not support images')
      const [text, image] = [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: PIXEL } },
      ] as const
      const without = await promptOf(trial, [{ role: 'user', content: [text] }])
      const messages: ChatMessage[] = [{ role: 'user', content: [text, image] }]
      const tokens = await unlessRefused('generate() with an image', () => promptOf(trial, messages))
      if (tokens === undefined) return
      expect(tokens > without, `an image makes the prompt longer than ${without} tokens, not ${tokens}`)
    }),
  ]
}

function saysMore(message: ChatMessage): ChatMessage {
  return { ...message, content: `${textOf(message)} And so on, and on, and on, and on.` } as ChatMessage
}
