/**
 * Writes a file on disk in place, so that what has come stays when the tab dies. Only workers may do that: a page writes
 * into a copy of the whole file, which is dropped unless it is closed. Hence this worker, for the time of a download.
 */
import { raceAbort } from '../../errors/abort.ts'
import { FOLDER, isBusy, MOST_POLLS, openFile, POLL_MS } from './disk.ts'

/** Calls are answered one after another. From a `blob:`, as the package's own worker. */
const SCRIPT = `let file, end
const calls = {
  async open([folder, name]) {
    const root = await navigator.storage.getDirectory()
    const entry = await (await root.getDirectoryHandle(folder, { create: true })).getFileHandle(name, { create: true })
    file = await entry.createSyncAccessHandle()
    return end = file.getSize()
  },
  write(bytes) {
    // Chromium may return a huge number when the disk is full: an error code below 0, taken for an unsigned one.
    const written = file.write(bytes, { at: end })
    if (written !== bytes.length) throw new DOMException('the disk is full', 'QuotaExceededError')
    end += written
  },
  empty() { file.truncate(end = 0) },
  close() { file.flush(); file.close() },
}
onmessage = async ({ data: [name, argument] }) => {
  try { postMessage({ value: await calls[name](argument) }) }
  catch ({ message, name }) { postMessage({ error: [message, name] }) }
}`

export interface Writer {
  /** Bytes that were there. */
  readonly size: number
  /** Appends. Takes the buffer away. Rejects when the disk is full. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>
  empty(): Promise<void>
  /** Idempotent; never rejects. The file can be read, or removed, once this has resolved. */
  close(): Promise<void>
}

/** The worker could not be made, as under a policy that forbids it. */
export class WriterError extends Error {}

/**
 * Opens a file, or makes it. One writer at a time: while another page, or a load that is being aborted, writes the file
 * and it grows, this waits. Then it rejects with a `NoModificationAllowedError`.
 */
export async function openWriter(name: string, signal: AbortSignal): Promise<Writer> {
  const worker = startWorker()
  try {
    const size = await open(worker, name, signal)
    let closed: Promise<void> | undefined
    return {
      size,
      write: (bytes) => call(worker, 'write', bytes, [bytes.buffer]),
      empty: () => call(worker, 'empty'),
      close() {
        closed ??= call<void>(worker, 'close')
          .catch(() => {})
          .finally(() => worker.terminate())
        return closed
      },
    }
  } catch (error) {
    worker.terminate()
    throw error
  }
}

async function open(worker: Worker, name: string, signal: AbortSignal): Promise<number> {
  let size = -1
  for (let polls = 0; ; polls++) {
    try {
      return await raceAbort(call<number>(worker, 'open', [FOLDER, name]), signal)
    } catch (error) {
      if (!isBusy(error) || polls >= MOST_POLLS) throw error
      const before = size
      size = (await openFile(name)).size
      if (size !== before) polls = 0
      await raceAbort(new Promise((resolve) => setTimeout(resolve, POLL_MS)), signal)
    }
  }
}

function startWorker(): Worker {
  const url = URL.createObjectURL(new Blob([SCRIPT], { type: 'text/javascript' }))
  try {
    return new Worker(url)
  } catch (cause) {
    throw new WriterError('the browser refused a worker', { cause })
  } finally {
    URL.revokeObjectURL(url)
  }
}

function call<T>(worker: Worker, name: string, argument?: unknown, transfer: Transferable[] = []): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data: { error, value } }) => {
      if (error) reject(new DOMException(...(error as [string, string])))
      else resolve(value)
    }
    worker.onerror = () => reject(new WriterError('the worker did not start'))
    worker.postMessage([name, argument], transfer)
  })
}
