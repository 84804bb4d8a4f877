/** What the browser knows of a download before it begins. */
import { bounded, guarded } from '../capability/probe.ts'
import type { DownloadOffer } from './offer.ts'

const BITS_PER_BYTE = 8
const BITS_PER_MEGABIT = 1_000_000

/**
 * How long so many bytes may take, s, by `navigator.connection.downlink`; undefined where either is not known. Chromium
 * says 10 Mbit/s of everything that is faster, so that pages can't tell users apart by it: it may well be quicker.
 */
export function estimateSeconds(bytes: number | undefined): number | undefined {
  const { connection } = guarded(() => navigator as { connection?: { downlink?: unknown } }) ?? {}
  const megabits = connection?.downlink
  if (bytes === undefined || typeof megabits !== 'number' || !(megabits > 0)) return undefined
  return Math.ceil((bytes * BITS_PER_BYTE) / (megabits * BITS_PER_MEGABIT))
}

/** Quota and usage of the origin, bytes. Advisory: it is the write that fails, so nothing is refused by it. */
export async function estimateStorage(signal: AbortSignal): Promise<DownloadOffer['storage']> {
  const estimate = await bounded(async () => navigator.storage.estimate(), { signal })
  const { quota, usage } = estimate ?? {}
  return quota === undefined || usage === undefined ? undefined : { quota, usage }
}
