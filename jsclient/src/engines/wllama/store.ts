/**
 * Model files on disk, in the origin private file system. The names and the notes beside the files are the package's, so
 * that its `ModelManager` lists and deletes our files, and files that it downloaded are not fetched again.
 */

import type { ModelFile } from './source.ts'

const FOLDER = 'cache'
const NOTE = '__metadata__'

/** The file that was downloaded from there, if all of it is on disk and has passed the checksums of today. */
export async function findFile({ url, checksums }: ModelFile): Promise<File | undefined> {
  try {
    const root = await navigator.storage.getDirectory()
    const folder = await root.getDirectoryHandle(FOLDER)
    const name = await nameOf(url)
    const note = await (await folder.getFileHandle(NOTE + name)).getFile()
    const { originalURL, originalSize, checked } = JSON.parse(await note.text())
    const file = await (await folder.getFileHandle(name)).getFile()
    // Other writers of this folder leave the beginning of a file behind when they are interrupted.
    const isWhole = originalURL === url && originalSize === file.size
    return isWhole && (checksums === '' || checksums === checked) ? file : undefined
  } catch {
    return undefined
  }
}

/**
 * Stores what the stream gives, all of it or nothing. Rejects with what the stream, the disk, `check` or the signal says.
 */
export async function writeFile(
  { url, checksums }: ModelFile,
  content: ReadableStream<Uint8Array>,
  check: (file: File) => Promise<void>,
  signal: AbortSignal,
): Promise<File> {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle(FOLDER, { create: true })
  const name = await nameOf(url)
  try {
    const handle = await folder.getFileHandle(name, { create: true })
    // The stream writes into a copy, which replaces the file when it is closed and is dropped when it is aborted.
    await content.pipeTo(await handle.createWritable(), { signal })
    const file = await handle.getFile()
    await check(file)
    signal.throwIfAborted()
    const note = await (await folder.getFileHandle(NOTE + name, { create: true })).createWritable()
    await note.write(JSON.stringify({ originalURL: url, originalSize: file.size, etag: '', checked: checksums }))
    await note.close()
    return file
  } catch (error) {
    await removeFile(url)
    throw error
  }
}

/** Never rejects. */
export async function removeFile(url: string): Promise<void> {
  try {
    const root = await navigator.storage.getDirectory()
    const folder = await root.getDirectoryHandle(FOLDER)
    const name = await nameOf(url)
    for (const entry of [NOTE + name, name]) await folder.removeEntry(entry).catch(() => {})
  } catch {
    // There is no such folder, and nothing to remove.
  }
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

async function nameOf(url: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(url)))
  return `${Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')}_${url.split('/').pop()}`
}
