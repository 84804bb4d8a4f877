/** The engine as it runs in the worker; both worker entries serve this one. */

import { onAbort } from '../../engine/abort.ts'
import type { EngineRequest } from '../../engine/engine.ts'
import { describe } from '../../engine/error-message.ts'
import type { EngineHost, HostGenerateOptions } from '../../engine/expose.ts'
import { EngineError } from '../../errors/engine-error.ts'
import type { ModelInfo } from '../../wire.ts'
import { createAnswer } from '../decoding/answer.ts'
import { checkChat, renderChat } from '../decoding/chat.ts'
import { createMacrotask } from '../decoding/macrotask.ts'
import type { Resident } from './load.ts'
import { loadResident } from './load.ts'
import type { GenerateArguments, TransformersPeer } from './peer.ts'
import type { HostConfig } from './source.ts'
import { ENGINE_NAME } from './source.ts'
import { topPProcessor } from './top-p.ts'

/** `importPeer` gets the URL that the page named, if it did. */
export function createHost(importPeer: (moduleURL?: string) => Promise<TransformersPeer>): EngineHost<HostConfig> {
  let peer: TransformersPeer | undefined
  let resident: (Resident & { info: ModelInfo }) | undefined
  let caughtUp: HostGenerateOptions['caughtUp'] | undefined

  const unload = async () => {
    const model = resident?.model
    resident = undefined
    await model?.dispose()
  }

  return {
    unload,

    async load(info, config, options) {
      await unload()
      peer ??= await importPeer(config.moduleURL)
      const loaded = await loadResident(peer, info, config, options)
      const { model } = loaded
      const macrotask = createMacrotask()
      const forward = model.forward.bind(model)
      model.forward = async (inputs) => {
        await macrotask()
        await caughtUp?.()
        return forward(inputs)
      }
      resident = { ...loaded, info }
    },

    async generate(request, options) {
      if (!peer || !resident) throw new EngineError('no model is loaded', { stage: 'generate', code: 'not_loaded' })
      checkChat(request, ENGINE_NAME)
      caughtUp = options.caughtUp
      try {
        await generate(peer, resident, resident.info, request, options)
      } catch (error) {
        if (error instanceof EngineError || options.signal.aborted) throw error
        const { message } = describe(error)
        throw new EngineError(`generation failed: ${message}`, {
          stage: 'generate',
          code: /out of memory|bad_alloc/i.test(message) ? 'out_of_memory' : 'generate_failed',
          cause: error,
        })
      }
    },
  }
}

async function generate(
  peer: TransformersPeer,
  { tokenizer, model }: Resident,
  info: ModelInfo,
  request: EngineRequest,
  { signal, emit }: HostGenerateOptions,
): Promise<void> {
  const prompt = renderChat(request, ENGINE_NAME, (messages) =>
    tokenizer.apply_chat_template(messages, { tokenize: false, add_generation_prompt: true }),
  )
  const inputs = tokenizer(prompt, { add_special_tokens: false })
  const promptTokens = inputs.input_ids.dims.at(-1) ?? 0
  const window = Math.min(info.contextWindow || Infinity, model.config.max_position_embeddings ?? Infinity)
  const room = window - promptTokens
  if (room < 1) {
    throw new EngineError(`the prompt has ${promptTokens} tokens and the context window ${window}`, {
      stage: 'generate',
      code: 'context_length_exceeded',
    })
  }

  // A new one each time: an interruption lasts until it is taken back.
  const criteria = new peer.InterruptableStoppingCriteria()
  const stopListening = onAbort(signal, () => criteria.interrupt())
  const answer = createAnswer({
    decode: (ids) => tokenizer.decode(ids, { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
    endIds: endIds(model),
    stop: request.stop ?? [],
    promptTokens,
    emit,
    onStop: () => criteria.interrupt(),
  })
  let promptSeen = false
  const put = (tokens: bigint[][]) => {
    if (promptSeen && !signal.aborted) for (const id of tokens[0] ?? []) answer.token(id)
    promptSeen = true
  }
  try {
    await model.generate({
      ...inputs,
      ...sampling(request, peer, model.generation_config?.do_sample === true),
      max_new_tokens: Math.min(request.maxTokens, room),
      streamer: { put, end() {} },
      stopping_criteria: [criteria],
    })
  } finally {
    stopListening()
  }
  signal.throwIfAborted()
  answer.finish()
}

function sampling(request: EngineRequest, peer: TransformersPeer, samples: boolean): Partial<GenerateArguments> {
  const { temperature, topP, seed } = request
  if (temperature === 0) return { do_sample: false }
  const options: Partial<GenerateArguments> = {}
  if (temperature !== undefined) Object.assign(options, { do_sample: true, temperature })
  if (topP !== undefined && topP < 1 && (options.do_sample ?? samples)) options.logits_processor = [topPProcessor(topP)]
  // The generator is global: without a seed it is seeded from entropy, lest one request's seed shape the next.
  peer.random.seed(seed)
  return options
}

function endIds(model: Resident['model']): Set<bigint> {
  const ids = model.generation_config?.eos_token_id ?? model.config.eos_token_id ?? []
  return new Set([ids].flat().map(BigInt))
}
