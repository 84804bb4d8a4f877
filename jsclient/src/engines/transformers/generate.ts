/** One answer. */
import type { EngineRequest } from '../../engine/engine.ts'
import type { HostGenerateOptions } from '../../engine/expose.ts'
import { EngineError } from '../../errors/engine-error.ts'
import type { ModelInfo } from '../../wire.ts'
import { createAnswer } from '../decoding/answer.ts'
import { renderChat } from '../decoding/chat.ts'
import { pieceEnds, SIGN_OF_LIFE } from '../decoding/pieces.ts'
import { turnEnds } from '../decoding/turns.ts'
import type { Resident } from './load.ts'
import type { CausalModel, TokenizedText, TransformersPeer } from './peer.ts'
import type { PrefixCache } from './prefix-cache.ts'
import { samplingOf } from './sampling.ts'
import { ENGINE_NAME } from './source.ts'

export interface Conversation extends Resident {
  info: ModelInfo
  prefixCache: PrefixCache
  /** Ids that open an assistant's turn. */
  opening: readonly bigint[]
}

export async function generate(
  peer: TransformersPeer,
  { tokenizer, model, info, prefixCache, opening }: Conversation,
  request: EngineRequest,
  { signal, emit }: HostGenerateOptions,
): Promise<void> {
  const prompt = renderChat(request, ENGINE_NAME, (messages) =>
    tokenizer.apply_chat_template(messages, { tokenize: false, add_generation_prompt: true }),
  )
  const inputs = tokenizer(prompt, { add_special_tokens: false })
  const ids = [...inputs.input_ids.data]
  const room = roomFor(ids.length, info, model)

  // A new one each time: an interruption lasts until it is taken back. An abort ends the run that would come next.
  const criteria = new peer.InterruptableStoppingCriteria()
  const ends = turnEnds(ids, opening)
  const run = prefixCache.start(ids, ends)
  const computing = { past_key_values: run.keyValues, stopping_criteria: [criteria] }
  const answer = createAnswer({
    decode: (some) => tokenizer.decode(some, { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
    endIds: endIds(model),
    stop: request.stop ?? [],
    promptTokens: ids.length,
    begun: request.continueFinalMessage ? ids.slice(ends.at(-1)) : undefined,
    cachedTokens: run.cachedTokens,
    emit,
    onStop: () => criteria.interrupt(),
  })
  let promptSeen = false
  const put = (tokens: bigint[][]) => {
    if (promptSeen && !signal.aborted) for (const id of tokens[0] ?? []) answer.token(id)
    promptSeen = true
  }
  // The generator is global: without a seed it is seeded from entropy, lest one request's seed shape the next.
  peer.random.seed(request.seed)
  try {
    for (const end of pieceEnds(ids.length, ends)) {
      if (end <= run.cachedTokens || end === ids.length) continue
      // The token that it asks for is not used: this fills the cache.
      await model.generate({ ...head(inputs, end), ...computing, do_sample: false, max_new_tokens: 1 })
      emit(SIGN_OF_LIFE)
    }
    await model.generate({
      ...inputs,
      ...computing,
      ...samplingOf(request, model.generation_config ?? {}),
      max_new_tokens: Math.min(request.maxTokens, room),
      streamer: { put, end() {} },
    })
  } finally {
    await run.end()
  }
  signal.throwIfAborted()
  answer.finish()
}

/** Tokens that the context window leaves for the answer. */
function roomFor(promptTokens: number, info: ModelInfo, model: CausalModel): number {
  const window = Math.min(info.contextWindow || Infinity, model.config.max_position_embeddings ?? Infinity)
  if (promptTokens < window) return window - promptTokens
  const message = `the prompt has ${promptTokens} tokens and the context window ${window}; shorten the conversation`
  throw new EngineError(message, { stage: 'generate', code: 'context_length_exceeded' })
}

function head({ input_ids, attention_mask }: TokenizedText, end: number): TokenizedText {
  return { input_ids: input_ids.slice(null, [0, end]), attention_mask: attention_mask.slice(null, [0, end]) }
}

function endIds(model: CausalModel): Set<bigint> {
  const ids = model.generation_config?.eos_token_id ?? model.config.eos_token_id ?? []
  return new Set([ids].flat().map(BigInt))
}
