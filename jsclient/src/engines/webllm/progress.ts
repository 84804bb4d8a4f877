/** How far a load is: bytes while files come, WebLLM's own reports, which start again with each phase, for the rest. */
import type { LoadProgress } from '../../engine/engine.ts'
import { createProgressReporter } from '../../engine/progress.ts'
import type { InitProgressReport } from './peer.ts'

/** Fetching the files, and moving them to the GPU, is this share of a load; the rest compiles shaders. */
const FILES_SHARE = 0.85

export interface LoadProgressMeter {
  /** So many more bytes came from the network. */
  received(bytes: number): void
  /** So many bytes of weights must still come. */
  expect(bytes: number): void
  /** WebLLM said something. */
  phase(report: InitProgressReport): void
  finish(): void
}

/** `sizeBytes` is the registry's figure, 0 = unknown; it serves until the weights' own list is there. */
export function createMeter(listener: (progress: LoadProgress) => void, sizeBytes: number): LoadProgressMeter {
  const reporter = createProgressReporter(listener)
  let loadedBytes = 0
  let totalBytes: number | undefined
  return {
    received(bytes) {
      loadedBytes += bytes
      const total = totalBytes ?? sizeBytes
      const progress = total > 0 ? Math.min(loadedBytes / total, 1) * FILES_SHARE : 0
      reporter.report({ stage: 'download', progress, loadedBytes, ...(totalBytes && { totalBytes }) })
    },
    expect(bytes) {
      totalBytes ??= loadedBytes + bytes
    },
    phase({ progress, text }) {
      if (/^finish/i.test(text)) return
      const share = /shader/i.test(text) ? FILES_SHARE + progress * (1 - FILES_SHARE) : progress * FILES_SHARE
      // Of the fetching phase it counts stored files too; bytes tell better, where there are any.
      const fetching = /^fetching/i.test(text)
      if (!fetching || loadedBytes === 0) reporter.report({ stage: fetching ? 'download' : 'load', progress: share })
    },
    finish: () => reporter.finish(),
  }
}
