/** How tabs hear how far a download has come that one of them is busy with. */
import { guarded } from '../capability/probe.ts'
import type { LoadProgress } from '../engine/engine.ts'
import { createProgressReporter } from '../engine/progress.ts'

export interface ProgressChannel {
  /** Lets the others hear it, at most 20 times a second. */
  tell(progress: LoadProgress): void
  /** Calls the listener, and no earlier one, with what others tell; without one it listens no more. */
  listen(listener?: (progress: LoadProgress) => void): void
  /** Nothing is told or heard any more. Idempotent. */
  close(): void
}

/** Opens the channel of that name. Nothing of it throws; where the browser has no channels nobody hears anything. */
export function openChannel(name: string): ProgressChannel {
  const channel = guarded(() => new BroadcastChannel(name))
  // A channel that is closed throws.
  const { report } = createProgressReporter((progress) => guarded(() => channel?.postMessage(progress)))
  return {
    tell: report,
    listen(listener) {
      if (!channel) return
      channel.onmessage = ({ data }: MessageEvent<unknown>) => {
        const progress = understood(data)
        if (progress) listener?.(progress)
      }
    },
    close: () => channel?.close(),
  }
}

/** Tabs may run other versions of the app, so what they say is checked. */
function understood(data: unknown): LoadProgress | undefined {
  const { progress, loadedBytes, totalBytes } = (data ?? {}) as Partial<Record<keyof LoadProgress, unknown>>
  if (!isAmount(progress) || progress > 1) return undefined
  return {
    progress,
    stage: 'download',
    ...(isAmount(loadedBytes) && { loadedBytes }),
    ...(isAmount(totalBytes) && { totalBytes }),
  }
}

function isAmount(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0
}
