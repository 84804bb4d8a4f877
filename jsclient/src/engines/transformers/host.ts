/** The engine as it runs in the worker; both worker entries serve this one. */
import type { EngineHost, HostGenerateOptions } from '../../engine/expose.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { checkChat } from '../decoding/chat.ts'
import { createBreather, createMacrotask } from '../decoding/macrotask.ts'
import { turnOpening } from '../decoding/turns.ts'
import { generateFailure } from './failure.ts'
import type { Conversation } from './generate.ts'
import { generate } from './generate.ts'
import { loadResident } from './load.ts'
import type { Tokenizer, TransformersPeer } from './peer.ts'
import { createPrefixCache } from './prefix-cache.ts'
import type { HostConfig } from './source.ts'
import { ENGINE_NAME } from './source.ts'

/** `importPeer` gets the URL that the page named, if it did. */
export function createHost(importPeer: (moduleURL?: string) => Promise<TransformersPeer>): EngineHost<HostConfig> {
  let peer: TransformersPeer | undefined
  let resident: Conversation | undefined
  let answering: HostGenerateOptions | undefined

  const unload = async () => {
    const gone = resident
    resident = undefined
    await gone?.prefixCache.clear()
    await gone?.model.dispose()
  }

  return {
    unload,

    async load(info, config, options) {
      await unload()
      peer ??= await importPeer(config.moduleURL)
      const loaded = await loadResident(peer, info, config, options)
      const { model, tokenizer } = loaded
      const breathe = createBreather(createMacrotask())
      const forward = model.forward.bind(model)
      model.forward = async (inputs) => {
        await breathe()
        await answering?.caughtUp()
        answering?.signal.throwIfAborted()
        return forward(inputs)
      }
      resident = { ...loaded, info, prefixCache: createPrefixCache(peer), opening: openingOf(tokenizer) }
    },

    async generate(request, options) {
      if (!peer || !resident) throw new EngineError('no model is loaded', { stage: 'generate', code: 'not_loaded' })
      checkChat(request, ENGINE_NAME)
      answering = options
      try {
        await generate(peer, resident, request, options)
      } catch (error) {
        if (error instanceof EngineError || options.signal.aborted) throw error
        await resident.prefixCache.clear()
        throw await generateFailure(error, peer.env.backends.onnx.webgpu?.device)
      }
    },
  }
}

function openingOf(tokenizer: Tokenizer): bigint[] {
  const messages = [{ role: 'user', content: 'a' }]
  return turnOpening(
    (add_generation_prompt) => tokenizer.apply_chat_template(messages, { tokenize: false, add_generation_prompt }),
    (text) => [...tokenizer(text, { add_special_tokens: false }).input_ids.data],
  )
}
