/** The engine as it runs in the worker; both worker entries serve this one. */
import type { EngineHost } from '../../engine/expose.ts'
import type { DeviceFacts } from '../../engine/webgpu.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { EngineLostError } from '../../errors/engine-lost-error.ts'
import { EngineUnsupportedError } from '../../errors/engine-unsupported-error.ts'
import { streamAnswer } from './answer.ts'
import { failureOf } from './failure.ts'
import { loadEngine, openSentinel, requireDevice, requireStored } from './load.ts'
import type { MLCEngine, WebLLMPeer } from './peer.ts'
import { resolveRecord } from './record.ts'
import type { Dialect } from './request.ts'
import { toChatRequest } from './request.ts'
import { ENGINE_NAME, type HostConfig } from './source.ts'

interface Resident {
  engine: MLCEngine
  dialect: Dialect
  sentinel: DeviceFacts | undefined
}

/** `importPeer` gets the URL that the page named, if it did. */
export function createHost(importPeer: (moduleURL?: string) => Promise<WebLLMPeer>): EngineHost<HostConfig> {
  let resident: Resident | undefined

  const unload = async () => {
    const last = resident
    resident = undefined
    last?.sentinel?.destroy()
    await last?.engine.unload()
  }

  return {
    unload,

    async load(model, config, options) {
      await unload()
      const adapter = config.lookOnly ? undefined : await requireDevice(model)
      const peer = await importPeer(config.moduleURL)
      const resolved = resolveRecord(model, config, peer.prebuiltAppConfig)
      if (!adapter) return requireStored(peer, model, resolved)
      const sentinel = await openSentinel(adapter, options.onLost)
      try {
        const engine = await loadEngine(peer, model, resolved, options)
        const modelId = resolved.record.model_id
        const dialect = { modelId, callsTools: peer.functionCallingModelIds.includes(modelId) }
        resident = { engine, dialect, sentinel }
      } catch (error) {
        sentinel?.destroy()
        throw error
      }
    },

    async generate(request, options) {
      if (!resident) throw new EngineError('no model is loaded', { stage: 'generate', code: 'not_loaded' })
      const { engine, dialect } = resident
      const chat = toChatRequest(request, dialect)
      try {
        // Left alone, WebLLM keeps its key-value cache for a conversation that goes on, and then leaves out what the chat
        // template puts behind its last answer: another prompt, another answer, and its tokens half counted.
        await engine.resetChat(false, dialect.modelId)
        await streamAnswer(engine, chat, request.stop ?? [], options)
      } catch (error) {
        throw typed(error)
      }
    },
  }
}

function typed(error: unknown): EngineError {
  if (error instanceof EngineError) return error
  const { code, message } = failureOf(error, 'generate')
  // After a lost device WebLLM unloads by itself; we never do while we generate.
  if (code === 'lost' || code === 'not_loaded') {
    return new EngineLostError(`the model is gone (${message}); load it again`, { cause: error })
  }
  if (message.startsWith('GrammarMatcherInitError')) {
    return new EngineUnsupportedError(ENGINE_NAME, 'responseFormat', `it can't compile the schema. ${message}`)
  }
  return new EngineError(message, { stage: 'generate', code, cause: error })
}
