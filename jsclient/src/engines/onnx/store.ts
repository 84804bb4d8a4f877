/** The cache of models' files: each by its URL, whole, checked, and of a model that was once made from it. */

import { CHECKED_HEADER, checksumsOf, isTrusted } from '../../engine/checksums.ts'
import type { ModelInfo } from '../../wire.ts'
import type { ModelSource } from './source.ts'

/** A new version of what is stored gets a new name. */
const CACHE_NAME = 'edgewise-onnx-v1'

/** What the registry says that the file must hash to; the entry names it with its folders, or without. "" = nothing. */
export function checksumsAt(info: ModelInfo, { filesURL }: ModelSource, url: string): string {
  const { pathname } = new URL(url)
  const root = new URL(filesURL).pathname
  return checksumsOf(info, decodeURIComponent(pathname.startsWith(root) ? pathname.slice(root.length) : pathname))
}

export const hasStore = (): Promise<boolean> => caches.has(CACHE_NAME)

export const openStore = (): Promise<Cache> => caches.open(CACHE_NAME)

/** The stored file; undefined as well when the registry has since got another checksum for it. */
export async function stored(store: Cache, url: string, checksums: string): Promise<Response | undefined> {
  const response = await store.match(url)
  return response && isTrusted(response, checksums) ? response : undefined
}

export function put(store: Cache, url: string, checksums: string, file: Blob): Promise<void> {
  return store.put(url, new Response(file, { headers: { [CHECKED_HEADER]: checksums } }))
}
