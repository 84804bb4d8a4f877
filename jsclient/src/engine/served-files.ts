/** What servers say of a model's files before anybody agreed to fetch them. */

/**
 * Bytes of the files together, by their headers; undefined when a server doesn't say: one that compresses as it sends,
 * refuses HEAD, or can't be reached. What is optional is small, and counts only where it is said.
 */
export async function servedBytes(
  files: readonly { url: string; optional?: boolean }[],
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  let sum = 0
  for (const size of await Promise.all(files.map((file) => sizeOf(file, signal)))) {
    if (size === undefined) return undefined
    sum += size
  }
  return sum
}

async function sizeOf(
  { url, optional }: { url: string; optional?: boolean },
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const unknown = optional ? 0 : undefined
  try {
    const { ok, headers } = await fetch(url, { method: 'HEAD', cache: 'no-store', signal: signal ?? null })
    const isPage = headers.get('content-type')?.startsWith('text/html')
    return ok && !isPage ? Number(headers.get('content-length')) || unknown : unknown
  } catch {
    return unknown
  }
}

/** A small file that lists others. Undefined when it can't be had. */
export async function servedJSON(url: string, signal: AbortSignal | undefined): Promise<object | undefined> {
  try {
    const response = await fetch(url, { cache: 'no-store', signal: signal ?? null })
    return response.ok ? await response.json() : undefined
  } catch {
    return undefined
  }
}
