/** What a model's files are called, and must hash to, by its registry entry. */
import type { ModelInfo } from '../wire.ts'

/**
 * The checksums of one file as Subresource Integrity spells them, with spaces between; "" = none is known. `file` is its
 * path in the model; the entry may name it by that or by its last part.
 */
export function checksumsOf({ sha256, integrity }: ModelInfo, file: string): string {
  const name = lastPart(file)
  const hex = sha256?.[file] ?? sha256?.[name]
  const bytes = hex?.match(/../g)?.map((digits) => Number.parseInt(digits, 16))
  const sri = integrity?.[file] ?? integrity?.[name]
  return [bytes && `sha256-${base64(bytes)}`, sri].filter(Boolean).join(' ')
}

/** The name under which a registry, or a model's own configuration, lists the file that a URL leads to. */
export function fileOf(url: string): string {
  return unescaped(lastPart(new URL(url).pathname))
}

function lastPart(path: string): string {
  return path.replace(/.*\//, '')
}

/** A path of a URL as people write it; as it stands where its escapes are none. */
export function unescaped(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Whether the bytes have every one of the checksums. What is no checksum is passed by nothing. */
export async function passes(bytes: ArrayBuffer, checksums: string): Promise<boolean> {
  try {
    for (const checksum of checksums.split(' ')) {
      const [algorithm = '', wanted] = checksum.split(/-(.*)/)
      const digest = await crypto.subtle.digest(algorithm.replace('sha', 'SHA-'), bytes)
      if (base64(new Uint8Array(digest)) !== wanted) return false
    }
    return true
  } catch {
    return false
  }
}

function base64(bytes: Iterable<number>): string {
  return btoa(String.fromCharCode(...bytes))
}
