import type { LoadProgress } from './engine.ts'

/** Makes progress that never falls, stays below 1 until `finish`, and is reported at most 20 times a second. */
export interface ProgressReporter {
  report(progress: LoadProgress): void
  /** Reports 1 with the stage "load". */
  finish(): void
}

/** The share of a load that its bytes are; the rest is compiling. */
export const BYTES_SHARE = 0.9

const INTERVAL_MS = 50

export function createProgressReporter(
  listener: ((progress: LoadProgress) => void) | undefined,
  now: () => number = () => performance.now(),
): ProgressReporter {
  let highest = 0
  let stage: LoadProgress['stage'] | undefined
  let bytes = 0
  let last = Number.NEGATIVE_INFINITY
  const send = (progress: LoadProgress) => {
    highest = Math.max(highest, progress.progress)
    last = now()
    const report: LoadProgress = { progress: highest, stage: progress.stage }
    if (progress.loadedBytes !== undefined) report.loadedBytes = bytes
    if (progress.totalBytes !== undefined) report.totalBytes = Math.max(bytes, progress.totalBytes)
    listener?.(report)
  }
  return {
    report(progress) {
      bytes = Math.max(bytes, progress.loadedBytes ?? 0)
      const complete = progress.loadedBytes !== undefined && progress.loadedBytes === progress.totalBytes
      if (progress.stage === stage && !complete && now() - last < INTERVAL_MS) return
      stage = progress.stage
      send({ ...progress, progress: Math.min(progress.progress, 0.999) })
    },
    finish() {
      send({ progress: 1, stage: 'load' })
    },
  }
}
