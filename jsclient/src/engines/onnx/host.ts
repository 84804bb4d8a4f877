/** The engine as it runs in the worker; both worker entries serve this one. */
import { describe } from '../../engine/describe.ts'
import type { EngineRequest } from '../../engine/engine.ts'
import type { EngineHost, HostGenerateOptions } from '../../engine/expose.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { EngineLostError } from '../../errors/engine-lost-error.ts'
import { createAnswer } from '../decoding/answer.ts'
import { checkChat, renderChat } from '../decoding/chat.ts'
import { createBreather, createMacrotask } from '../decoding/macrotask.ts'
import { SIGN_OF_LIFE } from '../decoding/pieces.ts'
import { samplingOf } from './generation.ts'
import type { Resident } from './load.ts'
import { loadResident, OUT_OF_MEMORY, requireDevice } from './load.ts'
import type { OnnxPeers } from './peer.ts'
import { createSampler } from './sampler.ts'
import type { HostConfig, ModuleURLs } from './source.ts'
import { ENGINE_NAME } from './source.ts'

interface Running extends Resident {
  macrotask: () => Promise<void>
  /** What took the GPU's device away. */
  lostBy?: string
}

/** `importPeers` gets the URLs that the page named, if it did. */
export function createHost(importPeers: (moduleURLs?: ModuleURLs) => Promise<OnnxPeers>): EngineHost<HostConfig> {
  let peers: OnnxPeers | undefined
  let running: Running | undefined

  const unload = async () => {
    const old = running
    running = undefined
    old?.decoder.dispose()
    await old?.session.release()
  }

  return {
    unload,

    async load(info, config, options) {
      await unload()
      await requireDevice(info, config)
      peers ??= await importPeers(config.moduleURLs)
      const loaded: Running = { ...(await loadResident(peers, info, config, options)), macrotask: createMacrotask() }
      running = loaded
      if (config.device !== 'webgpu') return
      const device = await peers.ort.env.webgpu.device
      void device.lost.then(({ message, reason }) => {
        loaded.lostBy = `the GPU device was lost (${message || reason}); load the model again`
        options.onLost(loaded.lostBy)
      })
    },

    async generate(request, options) {
      if (!running) throw new EngineError('no model is loaded', { stage: 'generate', code: 'not_loaded' })
      const { macrotask } = running
      checkChat(request, ENGINE_NAME)
      try {
        await generate(running, request, options)
      } catch (error) {
        if (error instanceof EngineError || options.signal.aborted) throw error
        // A run may hear of a lost device before we do.
        await macrotask()
        throw failed(error, running?.lostBy)
      }
    },
  }
}

async function generate(
  { decoder, text, generation, endIds, window, macrotask }: Running,
  request: EngineRequest,
  { signal, emit, caughtUp }: HostGenerateOptions,
): Promise<void> {
  const ids = text.encode(renderChat(request, ENGINE_NAME, text.render))
  const promptTokens = ids.length
  const room = window - promptTokens
  if (room < 1) {
    throw new EngineError(`the prompt has ${promptTokens} tokens and the context window ${window}; shorten it`, {
      stage: 'generate',
      code: 'context_length_exceeded',
    })
  }

  // On WebAssembly a run yields no macrotask, so that nobody would hear of an abort.
  const breathe = createBreather(macrotask)
  const pause = async () => {
    await breathe()
    await caughtUp()
    signal.throwIfAborted()
  }
  const ends = text.turnEnds(ids)
  let pieces = 0
  let { scores, cachedTokens } = await decoder.prompt(ids, ends, () => {
    if (pieces++ > 0) emit(SIGN_OF_LIFE)
    return pause()
  })
  let stopped = false
  const answer = createAnswer({
    decode: text.decode,
    endIds,
    stop: request.stop ?? [],
    promptTokens,
    begun: request.continueFinalMessage ? ids.slice(ends.at(-1)) : undefined,
    cachedTokens,
    emit,
    onStop: () => {
      stopped = true
    },
  })
  const sample = createSampler(samplingOf(request, generation))
  const most = promptTokens + Math.min(request.maxTokens, room)
  while (true) {
    const id = BigInt(sample(scores, ids))
    ids.push(id)
    answer.token(id)
    if (stopped || endIds.has(id) || ids.length === most) return answer.finish()
    scores = await decoder.next(id, pause)
  }
}

function failed(cause: unknown, lostBy?: string): EngineError {
  const { message } = describe(cause)
  if (lostBy !== undefined) return new EngineLostError(lostBy, { cause })
  // A trap leaves WebAssembly's memory in nobody knows what state.
  if (cause instanceof WebAssembly.RuntimeError)
    return new EngineLostError(`ONNX Runtime crashed (${message}); load the model again`, { cause })
  const code = OUT_OF_MEMORY.test(message) ? 'out_of_memory' : 'generate_failed'
  return new EngineError(`generation failed: ${message}`, { stage: 'generate', code, cause })
}
