/** Fetches a model's files to disk. */
import { passes } from '../../engine/checksums.ts'
import { describe } from '../../engine/describe.ts'
import { codeOfStatus } from '../../engine/http-status.ts'
import type { ProgressReporter } from '../../engine/progress.ts'
import { BYTES_SHARE } from '../../engine/progress.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../wire.ts'
import type { ModelFile } from './source.ts'
import { findFile, writeFile } from './store.ts'

/** Bytes of the longest file that a browser puts into one buffer, as the hashing of it needs. */
const MOST_CHECKED = 2 ** 31 - 1

/** The files, in their order; what is on disk is not fetched. */
export async function getFiles(
  model: ModelInfo,
  files: readonly ModelFile[],
  signal: AbortSignal,
  progress: ProgressReporter,
): Promise<File[]> {
  const stored = await Promise.all(files.map(findFile))
  const missing = files.filter((_, i) => !stored[i])
  let finished = 0
  let loaded = 0
  for (const [i, file] of files.entries()) {
    if (stored[i]) continue
    finished++
    const before = loaded
    stored[i] = await download(model, file, signal, (bytes, total) => {
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
  file: ModelFile,
  signal: AbortSignal,
  onBytes: (loaded: number, total: number | undefined) => void,
): Promise<File> {
  const { url, checksums } = file
  const fail = (code: EngineErrorCode, message: string, cause?: unknown) =>
    new ModelLoadError(model.id, `${model.id} could not be downloaded: ${url} ${message}`, { code, cause })
  const requireCheckable = (bytes: number) => {
    if (checksums === '' || !(bytes > MOST_CHECKED)) return
    throw fail('misconfigured', 'is too long for its checksum to be checked: split it into files below 2 GB')
  }
  const check = async (stored: File) => {
    requireCheckable(stored.size)
    if (checksums === '') return
    const bytes = await stored.arrayBuffer().catch((cause) => {
      throw fail('out_of_memory', 'is too long to be checked here: take a smaller model', cause)
    })
    if (!(await passes(bytes, checksums))) {
      throw fail('invalid_files', 'does not have the checksum that the registry names; mend one of the two')
    }
  }
  let answered = false
  try {
    // The HTTP cache would keep a second copy, of a broken file too.
    const { ok, status, headers, body } = await fetch(url, { signal, cache: 'no-store' })
    answered = true
    if (!ok || !body) {
      void body?.cancel()
      throw fail(codeOfStatus(status), `answers ${status}`)
    }
    // The length of what travels is not the length of the file when it travels compressed.
    const length = headers.has('content-encoding') ? Number.NaN : Number(headers.get('content-length') ?? Number.NaN)
    requireCheckable(length)
    const watched = requireGGUF(
      (loaded) => onBytes(loaded, Number.isNaN(length) ? undefined : length),
      () => fail('invalid_files', 'is no GGUF file; mend the server'),
    )
    return await writeFile(file, body.pipeThrough(new TransformStream(watched)), check, signal)
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
