/** The browser's model, loaded. */
import { deferred, onAbort } from '../../engine/abort.ts'
import type { EngineUsage, LoadedModel } from '../../engine/engine.ts'
import { createQueue } from '../../engine/queue.ts'
import { raceAbort } from '../../errors/abort.ts'
import type { EngineError } from '../../errors/engine-error.ts'
import { EngineLostError } from '../../errors/engine-lost-error.ts'
import type { ModelInfo } from '../../wire.ts'
import type { Answer } from './answer.ts'
import { readAnswer } from './answer.ts'
import { failed, generateFailure, refuse, tooLong } from './failure.ts'
import type { PromptAPIOptions } from './options.ts'
import { coreOptions } from './options.ts'
import type { LanguageModelAPI, SamplingParams, Session } from './peer.ts'
import { destroy, measure, usageOf, windowOf } from './peer.ts'
import { toConversation } from './request.ts'
import { hasModes, samplingOf } from './sampling.ts'
import type { Script } from './sessions.ts'
import { added, openSession } from './sessions.ts'
import { watch } from './watch.ts'

export interface ModelOptions {
  info: ModelInfo
  api: LanguageModelAPI
  /** An idle session: as long as one lives, the browser keeps its model in memory. */
  base: Session
  params: SamplingParams | null | undefined
  options: PromptAPIOptions
  /** Called once when the model is gone. */
  onEnd: () => void
}

export function createModel({ info, api, base, params, options, onEnd }: ModelOptions): LoadedModel {
  const { images = false, stallMs = 60_000 } = options
  const queue = createQueue()
  const lost = deferred<EngineLostError>()
  let ended: EngineError | undefined
  let running: AbortController | undefined
  /** The last session, if its answer is all that it has said more than its script. */
  let kept: { session: Session; script: Script } | undefined
  let template: Promise<number> | undefined

  const end = (error: EngineError) => {
    if (ended) return
    ended = error
    running?.abort(error)
    destroy(kept?.session)
    destroy(base)
    onEnd()
    if (error instanceof EngineLostError) lost.resolve(error)
  }

  /** Tokens of a text, without those of the template that an empty one comes in too. */
  const countText = async (text: string) => {
    template ??= measure(base, '')
    const [whole, empty] = await Promise.all([measure(base, text), template])
    return whole - empty
  }

  return {
    model: info,
    lost: lost.promise,
    unload: async () => end(failed('not_loaded', 'the model was unloaded')),

    async *generate(request, { signal: given } = {}) {
      given?.throwIfAborted()
      if (ended) throw ended
      const sampling = samplingOf(request.temperature, params, hasModes(api, options))
      const conversation = toConversation(request, sampling, images)
      const { prompts, constraint } = conversation
      const release = await queue.acquire(given)

      const run = new AbortController()
      const { signal } = run
      const stop = onAbort(given, () => run.abort(given?.reason))
      const dog = watch(stallMs, () => {
        const message = `load the model again: no token came for ${stallMs} ms`
        run.abort(failed('stalled', message))
        end(new EngineLostError(message))
      })
      const answer: Answer = { finishReason: 'stop', text: '', tokens: 0, whole: false }
      const fail = (error: unknown) => {
        if (signal.aborted) return signal.reason
        const failure = generateFailure(error, answer.text ? '' : constraint ? 'responseFormat' : 'messages')
        if (failure instanceof EngineLostError) end(failure)
        return failure
      }
      let unkept: Session | undefined
      let cachedTokens = 0
      let usage: EngineUsage
      try {
        if (ended) throw ended
        running = run
        const last = kept
        kept = undefined
        unkept = last?.session
        const news = last ? added(conversation.script, last.script) : 0
        if (unkept && news) {
          cachedTokens = usageOf(unkept)
        } else {
          destroy(unkept)
          const initialPrompts = prompts.slice(0, -1)
          unkept = await openSession(api, { ...coreOptions(options), ...sampling, initialPrompts, signal })
        }
        const session = unkept
        const input = prompts.slice(-(news || 1))
        session.oncontextoverflow = session.onquotaoverflow = () => run.abort(tooLong('its oldest turns were dropped'))

        const promptOptions = { signal, responseConstraint: constraint }
        const asked = await raceAbort(measure(session, input, promptOptions), signal)
        if (conversation.unread) refuse('continueFinalMessage', 'the browser takes none')
        const promptTokens = usageOf(session) + asked
        const window = Math.min(windowOf(session), info.contextWindow || Infinity)
        if (promptTokens >= window) throw tooLong(`it has ${promptTokens} tokens, the context window ${window}`)

        const reader = session.promptStreaming(input, promptOptions).getReader()
        // Also while nobody reads.
        reader.closed.catch(fail)
        yield* readAnswer(answer, {
          reader,
          stop: request.stop ?? [],
          limit: Math.min(request.maxTokens, window - promptTokens),
          measure: countText,
          total: () => usageOf(session) - promptTokens,
          signal,
          dog,
        })
        signal.throwIfAborted()
        // A constraint may have put words of the browser's own into the session.
        if (answer.whole && !constraint) {
          kept = { session, script: conversation.answered(answer.text) }
          unkept = undefined
        }
        usage = { promptTokens, completionTokens: answer.tokens, cachedTokens }
      } catch (error) {
        throw fail(error)
      } finally {
        stop()
        dog.stop()
        running = undefined
        destroy(unkept)
        release()
      }
      yield { type: 'done', finishReason: answer.finishReason, usage }
    },
  }
}
