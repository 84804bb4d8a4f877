/** What a model's files must hash to, by its registry entry. */
import type { ModelInfo } from '../wire.ts'

/**
 * The checksums of one file as Subresource Integrity spells them, with spaces between; "" = none is known. `file` is its
 * path in the model; the entry may name it by that or by its last part.
 */
export function checksumsOf({ sha256, integrity }: ModelInfo, file: string): string {
  const name = file.slice(file.lastIndexOf('/') + 1)
  const hex = sha256?.[file] ?? sha256?.[name]
  const bytes = hex?.match(/../g)?.map((digits) => Number.parseInt(digits, 16))
  const sri = integrity?.[file] ?? integrity?.[name]
  return [bytes && `sha256-${base64(bytes)}`, sri].filter(Boolean).join(' ')
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
