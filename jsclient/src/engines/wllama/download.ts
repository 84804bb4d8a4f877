/** Fetches a model's files to disk. */
import { describe } from '../../engine/error-message.ts'
import { codeOfStatus } from '../../engine/http-status.ts'
import type { ProgressReporter } from '../../engine/progress.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../wire.ts'
import { findFile, writeFile } from './store.ts'

/** The share of a load that its bytes are; the rest is llama.cpp's. */
export const BYTES_SHARE = 0.9

/** The files, in the order of their URLs; what is on disk is not fetched. */
export async function getFiles(
  model: ModelInfo,
  urls: readonly string[],
  signal: AbortSignal,
  progress: ProgressReporter,
): Promise<File[]> {
  const stored = await Promise.all(urls.map(findFile))
  const missing = urls.filter((_, i) => !stored[i])
  let finished = 0
  let loaded = 0
  for (const [i, url] of urls.entries()) {
    if (stored[i]) continue
    finished++
    const before = loaded
    stored[i] = await download(model, url, signal, (bytes, total) => {
      loaded = before + bytes
      // Each file says its length when it begins; the registry's figure keeps the bar from starting full.
      const known = total !== undefined && finished === missing.length
      const whole = Math.max(before + (total ?? 0), model.sizeBytes, loaded)
      progress.report({
        progress: (loaded / whole) * BYTES_SHARE,
        stage: 'download',
        loadedBytes: loaded,
        ...(known && { totalBytes: before + total }),
      })
    })
  }
  return stored.filter((file) => file !== undefined)
}

async function download(
  model: ModelInfo,
  url: string,
  signal: AbortSignal,
  onBytes: (loaded: number, total: number | undefined) => void,
): Promise<File> {
  const fail = (code: EngineErrorCode, message: string, cause?: unknown) =>
    new ModelLoadError(model.id, `${model.id} could not be downloaded: ${url} ${message}`, { code, cause })
  let answered = false
  try {
    const { ok, status, headers, body } = await fetch(url, { signal })
    answered = true
    if (!ok || !body) {
      void body?.cancel()
      throw fail(codeOfStatus(status), `answers ${status}`)
    }
    // The length of what travels is not the length of the file when it travels compressed.
    const length = headers.has('content-encoding') ? Number.NaN : Number(headers.get('content-length') ?? Number.NaN)
    const check = requireGGUF(
      (loaded) => onBytes(loaded, Number.isNaN(length) ? undefined : length),
      () => fail('invalid_files', 'is no GGUF file; mend the server'),
    )
    return await writeFile(url, body.pipeThrough(new TransformStream(check)), signal)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ModelLoadError) throw error
    const { name, message } = describe(error)
    if (name === 'QuotaExceededError') throw fail('quota_exceeded', "does not fit into the origin's storage", error)
    const network = !answered || error instanceof TypeError
    throw fail(network ? 'download_failed' : 'load_failed', `failed: ${message}`, error)
  }
}

const MAGIC = new TextEncoder().encode('GGUF')

/** Lets the bytes pass and counts them; fails at the first one that tells that this is no model. */
function requireGGUF(onBytes: (loaded: number) => void, failure: () => Error): Transformer<Uint8Array, Uint8Array> {
  let loaded = 0
  return {
    transform(chunk, controller) {
      for (let i = loaded; i < MAGIC.length && i - loaded < chunk.length; i++) {
        if (chunk[i - loaded] !== MAGIC[i]) throw failure()
      }
      loaded += chunk.length
      onBytes(loaded)
      controller.enqueue(chunk)
    },
    flush() {
      if (loaded < MAGIC.length) throw failure()
    },
  }
}
