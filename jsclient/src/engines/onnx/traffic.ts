/** Adds up the bytes of a load's files. */
import type { ProgressReporter } from '../../engine/progress.ts'
import { BYTES_SHARE } from '../../engine/progress.ts'

export interface Traffic {
  fromDisk(bytes: number): void
  fromNetwork(): Transfer
  /** Now the large files are asked for. Until then nobody knows how much there is to come. */
  weightsBegin(): void
}

export interface Transfer {
  /** Bytes to come; undefined or NaN when nobody knows. */
  total(bytes: number | undefined): void
  /** A stream that counts what passes. */
  counter(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>
  end(): void
}

/** `sizeHint`: bytes of all files, as the registry says; 0 = unknown. */
export function createTraffic({ report }: ProgressReporter, sizeHint: number): Traffic {
  let diskBytes = 0
  let loadedBytes = 0
  let totalBytes = 0
  let running = 0
  let unknown = 1 // the weights

  const tell = () => {
    const isKnown = sizeHint > 0 || unknown === 0
    const whole = isKnown ? Math.max(diskBytes + totalBytes, sizeHint, 1) : Number.POSITIVE_INFINITY
    const progress = ((diskBytes + loadedBytes) / whole) * BYTES_SHARE
    const stage = running > 0 ? 'download' : 'load'
    if (loadedBytes === 0) report({ progress, stage })
    else if (unknown > 0) report({ progress, stage, loadedBytes })
    else report({ progress, stage, loadedBytes, totalBytes })
  }

  return {
    weightsBegin() {
      unknown--
    },
    fromDisk(bytes) {
      diskBytes += bytes
      tell()
    },
    fromNetwork() {
      running++
      unknown++
      let isKnown = false
      return {
        total(bytes) {
          if (!bytes) return
          isKnown = true
          unknown--
          totalBytes += bytes
        },
        counter: () =>
          new TransformStream({
            transform(chunk, controller) {
              loadedBytes += chunk.byteLength
              tell()
              controller.enqueue(chunk)
            },
          }),
        end() {
          running--
          if (!isKnown) unknown--
          tell()
        },
      }
    },
  }
}
