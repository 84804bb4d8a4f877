/** Gets a model's files: from disk, where they are checked again, or from their server, where it left off last time. */
import { passes } from '../../engine/checksums.ts'
import { describe } from '../../engine/describe.ts'
import { codeOfStatus } from '../../engine/http-status.ts'
import type { ProgressReporter } from '../../engine/progress.ts'
import { BYTES_SHARE } from '../../engine/progress.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../wire.ts'
import { findEntry, findWhole, isBusy, nameOf, openFile, removeEntry, writeNote } from './disk.ts'
import { ask, begunBytes, lengthOf, versionOf } from './range.ts'
import type { ModelFile } from './source.ts'
import type { Writer } from './writer.ts'
import { openWriter, WriterError } from './writer.ts'

/** Bytes of the longest file that a browser puts into one buffer, as the hashing of it needs. */
const MOST_CHECKED = 2 ** 31 - 1

/** The files, in their order; what is on disk is not fetched, unless it is no longer what it was. */
export async function getFiles(
  model: ModelInfo,
  files: readonly ModelFile[],
  signal: AbortSignal,
  progress: ProgressReporter,
): Promise<File[]> {
  const wanted = files.map((file) => ({ file, fail: failing(model, file.url) }))
  const found: (File | undefined)[] = []
  // One after another: each is in memory while it is hashed.
  for (const each of wanted) found.push(await findSound(model, each, signal))
  let missing = found.filter((file) => !file).length
  /** Bytes that needn't come, and those that came. */
  let present = found.reduce((bytes, file) => bytes + (file?.size ?? 0), 0)
  let loaded = 0
  for (const [i, each] of wanted.entries()) {
    if (found[i]) continue
    missing--
    const [presentBefore, loadedBefore] = [present, loaded]
    found[i] = await download(model, each, signal, ({ start, bytes, length }) => {
      present = presentBefore + start
      loaded = loadedBefore + bytes
      const isKnown = !Number.isNaN(length)
      const total = loadedBefore + (isKnown ? length : 0)
      // Each file says its length when it begins; the registry's figure keeps the bar from starting full.
      const whole = Math.max(total, model.sizeBytes - present, loaded)
      progress.report({
        progress: (loaded / whole) * BYTES_SHARE,
        stage: 'download',
        loadedBytes: loaded,
        ...(isKnown && missing === 0 && { totalBytes: total }),
      })
    })
  }
  return found.filter((file) => file !== undefined)
}

type Fail = (code: EngineErrorCode, message: string, cause?: unknown) => ModelLoadError

const failing =
  (model: ModelInfo, url: string): Fail =>
  (code, message, cause) =>
    new ModelLoadError(model.id, `${model.id} could not be downloaded: ${url} ${message}`, { code, cause })

interface Wanted {
  file: ModelFile
  fail: Fail
}

/** The file on disk; one that was spoiled there is removed. */
async function findSound(model: ModelInfo, wanted: Wanted, signal: AbortSignal): Promise<File | undefined> {
  const stored = await findWhole(wanted.file)
  if (!stored) return undefined
  const { name, note, file } = stored
  const isSound = await hasChecksums(file, wanted)
  signal.throwIfAborted()
  if (!isSound) return void (await removeEntry(name))
  // What is ours becomes this model's as well; a full disk may refuse.
  if (note.models && !note.models.includes(model.id)) {
    await writeNote(name, { ...note, models: [...note.models, model.id] }).catch(() => {})
  }
  return file
}

async function hasChecksums(stored: File, { file: { checksums }, fail }: Wanted): Promise<boolean> {
  if (checksums === '') return true
  requireCheckable(stored.size, checksums, fail)
  const bytes = await stored.arrayBuffer().catch((cause) => {
    throw fail('out_of_memory', 'is too long to be checked here: take a smaller model', cause)
  })
  return passes(bytes, checksums)
}

function requireCheckable(bytes: number, checksums: string, fail: Fail): void {
  if (checksums === '' || !(bytes > MOST_CHECKED)) return
  throw fail('misconfigured', 'is too long for its checksum to be checked: split it into files below 2 GB')
}

/** Where an answer begins in its file, how many bytes have come of it, and how many it has; NaN = unknown. */
interface Received {
  start: number
  bytes: number
  length: number
}

async function download(
  model: ModelInfo,
  wanted: Wanted,
  signal: AbortSignal,
  onBytes: (received: Received) => void,
): Promise<File> {
  const { file, fail } = wanted
  const { url, checksums } = file
  const name = await nameOf(url)
  let writer: Writer | undefined
  let answered = false
  /** What is on disk is of use to the next load. */
  let keeps = true
  try {
    writer = await openWriter(name, signal)
    keeps = writer.size > 0
    // Another page may have been quicker.
    const stored = await findWhole(file)
    if (stored) return stored.file
    const before = (await findEntry(url))?.note
    const { response, start } = await ask(url, begunBytes(before, writer.size), before, signal)
    answered = true
    const { ok, status, body } = response
    if (!ok || !body) {
      void body?.cancel()
      throw fail(codeOfStatus(status), `answers ${status}`)
    }
    const length = lengthOf(response)
    requireCheckable(start + length, checksums, fail)
    // In this order: no note may stand beside bytes of another version.
    if (start === 0) await writer.empty()
    const version = Number.isNaN(length) ? '' : versionOf(response)
    const originalSize = Number.isNaN(length) ? -1 : start + length
    const models = [...new Set([...(before?.models ?? []), model.id])]
    const note = { originalURL: url, originalSize, etag: '', models, version }
    await writeNote(name, note)
    keeps = version !== ''
    const invalid = () => fail('invalid_files', 'is no GGUF file; mend the server')
    let end = start
    const count = (bytes: number): void => {
      end = start + bytes
      onBytes({ start, bytes, length })
    }
    await body.pipeTo(appendTo(writer, start, count, invalid), { signal })
    await writer.close()
    // Not every browser fails when a connection ends early. Other origins hide that they compress: more may have come.
    if (end < originalSize) throw fail('download_failed', `ended after ${end} of ${originalSize} bytes; try again`)
    const whole = await openFile(name)
    // A full disk may take bytes and lose them.
    if (whole.size < end) throw fail('quota_exceeded', "does not fit into the origin's storage")
    const isSound = await hasChecksums(whole, wanted)
    signal.throwIfAborted()
    if (!isSound) {
      await removeEntry(name)
      // The bytes that were there may be to blame.
      if (start > 0) return await download(model, wanted, signal, onBytes)
      throw fail('invalid_files', 'does not have the checksum that the registry names; mend one of the two')
    }
    await writeNote(name, { ...note, originalSize: whole.size, ...(checksums !== '' && { checked: checksums }) })
    keeps = true
    return whole
  } catch (error) {
    signal.throwIfAborted()
    const failure = named(error, answered, fail)
    if (failure.code === 'invalid_files' || failure.code === 'quota_exceeded') keeps = false
    throw failure
  } finally {
    await writer?.close()
    if (!keeps) await removeEntry(name).catch(() => {})
  }
}

function named(error: unknown, answered: boolean, fail: Fail): ModelLoadError {
  if (error instanceof ModelLoadError) return error
  const { name, message } = describe(error)
  if (error instanceof WriterError) {
    return fail('worker_failed', `could not be stored: ${message}; check that the CSP allows worker-src blob:`, error)
  }
  if (name === 'QuotaExceededError') return fail('quota_exceeded', "does not fit into the origin's storage", error)
  if (isBusy(error)) return fail('download_failed', 'is being downloaded by another page', error)
  const network = !answered || error instanceof TypeError
  return fail(network ? 'download_failed' : 'load_failed', `failed: ${message}`, error)
}

const MAGIC = new TextEncoder().encode('GGUF')

/** Writes and counts what comes; fails at the first byte that tells that this is no model. */
function appendTo(
  writer: Writer,
  start: number,
  onBytes: (bytes: number) => void,
  invalid: () => Error,
): WritableStream<Uint8Array<ArrayBuffer>> {
  let end = start
  return new WritableStream({
    async write(chunk) {
      const { length } = chunk
      for (let i = end; i < MAGIC.length && i - end < length; i++) {
        if (chunk[i - end] !== MAGIC[i]) throw invalid()
      }
      await writer.write(chunk)
      end += length
      onBytes(end - start)
    },
    close() {
      if (end < MAGIC.length) throw invalid()
    },
  })
}
