/**
 * One model behind the protocol that engines in workers speak. The package makes its own worker, so that this end of it
 * runs in the page; the protocol brings the queueing, the pacing, the aborts and the watchdog.
 */
import { onAbort } from '../../engine/abort.ts'
import { describe } from '../../engine/describe.ts'
import type { EngineHost } from '../../engine/expose.ts'
import { BYTES_SHARE, createProgressReporter } from '../../engine/progress.ts'
import type { AdapterProbe } from '../../engine/webgpu.ts'
import { raceAbort } from '../../errors/abort.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { EngineLostError } from '../../errors/engine-lost-error.ts'
import { createAnswer } from './answer.ts'
import { removeFile } from './disk.ts'
import { getFiles } from './download.ts'
import { suspectsFiles } from './failure.ts'
import { requireGPU } from './gpu.ts'
import type { Instance } from './instance.ts'
import { startInstance } from './instance.ts'
import type { HostConfig } from './options.ts'
import { importPeer } from './peer.ts'
import { toChatRequest } from './request.ts'
import { misconfigured } from './source.ts'

export interface Host extends EngineHost<HostConfig> {
  /** Ends everything, a download too. Idempotent. */
  end(): void
}

/** For one load. */
export function createHost(probe: AdapterProbe): Host {
  const ending = new AbortController()
  const { signal } = ending
  let instance: Instance | undefined
  let start: () => Promise<Instance>

  const end = () => {
    ending.abort()
    instance?.end()
    instance = undefined
  }

  return {
    end,
    unload: async () => end(),

    async load(model, config, { signal: given, onProgress, onLost }) {
      onAbort(given, end)
      if (config.gpuLayers > 0) await requireGPU(probe, model, signal, onLost)
      const peer = await raceAbort(importPeer(config.moduleURL), signal)
      await requireServed(config.wasmURL, signal)
      const progress = createProgressReporter((report) => {
        if (!signal.aborted) onProgress(report)
      })
      const files = await getFiles(model, config.files, signal, progress)
      progress.report({ progress: BYTES_SHARE, stage: 'load' })
      start = async () => {
        try {
          return await startInstance(peer, model, files, config, { signal, onLost })
        } catch (error) {
          if (suspectsFiles(error)) await Promise.all(config.files.map(({ url }) => removeFile(url)))
          throw error
        }
      }
      instance = await start()
      if (signal.aborted) return end()
      progress.finish()
    },

    async generate(request, { signal: given, emit, caughtUp }) {
      if (!instance) throw new EngineError('no model is loaded', { stage: 'generate', code: 'not_loaded' })
      const chat = toChatRequest(request, instance.metadata)
      if (instance.memory.isFull) {
        instance.end()
        instance = await start().catch((cause) => {
          throw new EngineLostError(describe(cause).message, { cause })
        })
        if (signal.aborted) end()
        given.throwIfAborted()
        emit({ type: 'delta', text: '', tokens: 0 })
      }
      const answer = createAnswer(request.stop ?? [], emit)
      let polls = 0
      const ready = async () => {
        if (answer.stopped) throw new Error('a stop text was found')
        // A long prompt takes minutes, batch by batch; this tells the watchdog that it goes on.
        if (polls++ > 0 && !answer.begun) emit({ type: 'delta', text: '', tokens: 0 })
        await caughtUp()
        given.throwIfAborted()
      }
      try {
        await instance.chat(chat, answer.read, ready)
      } catch (error) {
        given.throwIfAborted()
        if (!answer.stopped) throw error
      }
      given.throwIfAborted()
      answer.finish()
    },
  }
}

/**
 * A missing wasm file is the commonest mistake, and the package neither says so nor ever gives up. Offline, and where
 * HEAD is not understood, this says nothing.
 */
async function requireServed(wasmURL: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(wasmURL, { method: 'HEAD', signal }).catch(() => undefined)
  signal.throwIfAborted()
  const isPage = response?.ok && response.headers.get('content-type')?.startsWith('text/html')
  if (response?.status === 404 || isPage) {
    const what = isPage ? 'a page of HTML' : 'missing'
    throw misconfigured(`${wasmURL} is ${what}: serve the package's esm/wasm/wllama.wasm there`)
  }
}
