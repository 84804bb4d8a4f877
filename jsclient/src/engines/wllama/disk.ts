/**
 * Model files on disk, in the origin private file system. The names and the notes beside the files are the package's, so
 * that its `ModelManager` lists and deletes our files, and files that it downloaded are not fetched again. A file that
 * is shorter than its note says is the beginning of one, kept for the next load; the package takes it for invalid.
 */
import { describe } from '../../engine/describe.ts'
import type { ModelFile } from './source.ts'

export const FOLDER = 'cache'
const NOTE = '__metadata__'

/** What is known of a file. The package writes, and reads, the first three. */
export interface Note {
  originalURL: string
  /** Bytes of the whole file; -1 = the server didn't say. */
  originalSize: number
  etag: string
  /** Ids of the models that it is of; absent in the package's own notes, whose files are not ours. */
  models?: readonly string[]
  /** The server's name for these very bytes, see `versionOf`; "" = none. */
  version?: string
  /** The checksums that it passed when it came; absent = nobody knew any, or the tab died before. */
  checked?: string
}

/** A file with a note, and what there is of it. */
export interface Entry {
  name: string
  note: Note
  /** Of 0 bytes when there is none. */
  file: File
}

/** What is on disk from there, whole or not, whoever wrote it. */
export async function findEntry(url: string): Promise<Entry | undefined> {
  try {
    const entry = await readEntry(await openFolder(false), await nameOf(url))
    return entry.note.originalURL === url ? entry : undefined
  } catch {
    return undefined
  }
}

/** What was downloaded from there, if all of it is on disk and it is not known to have had other checksums. */
export async function findWhole({ url, checksums }: ModelFile): Promise<Entry | undefined> {
  const entry = await findEntry(url)
  if (!entry) return undefined
  const { note, file } = entry
  const isWhole = note.originalSize === file.size
  return isWhole && (checksums === '' || checksums === (note.checked ?? checksums)) ? entry : undefined
}

/** All that this engine stored of a model. */
export async function entriesOf(modelId: string): Promise<Entry[]> {
  const entries: Entry[] = []
  const folder = await openFolder(false).catch(() => undefined)
  for await (const name of folder?.keys() ?? []) {
    if (!folder || !name.startsWith(NOTE)) continue
    // Somebody may remove it meanwhile, and a note may be no JSON.
    const entry = await readEntry(folder, name.slice(NOTE.length)).catch(() => undefined)
    if (entry?.note.models?.includes(modelId)) entries.push(entry)
  }
  return entries
}

async function readEntry(folder: FileSystemDirectoryHandle, name: string): Promise<Entry> {
  const note: Note = JSON.parse(await (await (await folder.getFileHandle(NOTE + name)).getFile()).text())
  const file = await folder.getFileHandle(name).then(
    (handle) => handle.getFile(),
    () => new File([], name),
  )
  return { name, note, file }
}

export async function openFile(name: string): Promise<File> {
  return (await (await openFolder(false)).getFileHandle(name)).getFile()
}

export async function writeNote(name: string, note: Note): Promise<void> {
  const handle = await (await openFolder(true)).getFileHandle(NOTE + name, { create: true })
  const writable = await handle.createWritable()
  await writable.write(JSON.stringify(note))
  await writable.close()
}

/** How often to ask for a file that somebody writes, in ms, */
export const POLL_MS = 100
/** and for how many times in a row without a change. */
export const MOST_POLLS = 50

/** Whether an error says that somebody writes the file: another page, or a load that is being aborted. */
export const isBusy = (error: unknown): boolean => describe(error).name === 'NoModificationAllowedError'

/** Removes a file and its note; what is not there is removed. Rejects when somebody writes the file for good. */
export async function removeEntry(name: string): Promise<void> {
  const folder = await openFolder(false).catch(() => undefined)
  for (const entry of [name, NOTE + name]) {
    for (let polls = 0; folder; polls++) {
      try {
        await folder.removeEntry(entry)
        break
      } catch (error) {
        if (describe(error).name === 'NotFoundError') break
        if (!isBusy(error) || polls >= MOST_POLLS) throw error
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    }
  }
}

/** Never rejects. */
export async function removeFile(url: string): Promise<void> {
  await removeEntry(await nameOf(url)).catch(() => {})
}

/** Whether this browser lets pages store files. */
export async function canStore(): Promise<boolean> {
  try {
    await navigator.storage.getDirectory()
    return 'createWritable' in FileSystemFileHandle.prototype
  } catch {
    return false
  }
}

export async function nameOf(url: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(url)))
  return `${Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')}_${url.split('/').pop()}`
}

async function openFolder(create: boolean): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create })
}
