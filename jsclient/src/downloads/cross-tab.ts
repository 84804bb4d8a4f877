/**
 * One download of a model across the tabs of an origin. The tab that has the lock leads: it downloads, and tells how far
 * it has come. The others follow: they listen, and look at the disk when the lock falls free. The browser frees the locks
 * of a tab that ends, however it ends, so the next in line takes over from there.
 */
import type { LoadProgress } from '../engine/engine.ts'
import { createProgressReporter } from '../engine/progress.ts'
import { createWatchdog } from '../engine/watchdog.ts'
import { openChannel, type ProgressChannel } from './channel.ts'
import type { SharedNames } from './lock-names.ts'
import { hold, type Release } from './web-locks.ts'

export interface JoinOptions {
  /** Longest silence of the tab that leads, ms; 0 or Infinity = no silence is too long. */
  stallMs: number
  /** Whether the model is on disk by now. */
  isHere(): Promise<boolean>
  /** How far the tab that leads has come. */
  onProgress(progress: LoadProgress): void
  signal: AbortSignal
}

/** A download that this tab makes. Nothing of it throws. */
export interface OwnDownload {
  /** Lets the followers hear how far it has come. */
  tell(progress: LoadProgress): void
  /** Lets the followers look whether the model is here. Idempotent. */
  end(): void
}

/**
 * Resolves when this tab may download the model, or with undefined once another tab has brought it here. Rejects with the
 * signal's reason, or as `isHere` does.
 *
 * A tab that hangs keeps its lock, and so does one that the browser has frozen. When it has been silent for too long one
 * of its followers takes over, by a second lock, so that they don't all begin at once. Should that one hang too, those
 * who follow it download on their own.
 */
export async function joinDownload(names: SharedNames, options: JoinOptions): Promise<OwnDownload | undefined> {
  const channel = openChannel(names.download)
  const { report } = createProgressReporter(options.onProgress)
  let release: Release | undefined
  const end = (): void => {
    channel.close()
    void release?.()
  }
  try {
    for (const lock of [names.download, names.takeover]) {
      release = await waitFor(lock, channel, { ...options, onProgress: report })
      if (await options.isHere()) {
        end()
        return undefined
      }
      if (release) break
    }
    return { tell: channel.tell, end }
  } catch (error) {
    end()
    throw error
  }
}

/** Waits for the lock and passes on what its holder tells; undefined = the holder has been silent for too long. */
async function waitFor(
  lock: string,
  channel: ProgressChannel,
  { stallMs, onProgress, signal }: Omit<JoinOptions, 'isHere'>,
): Promise<Release | undefined> {
  const stalled = new AbortController()
  const watchdog = createWatchdog(stallMs, () => stalled.abort())
  channel.listen((progress) => {
    watchdog.feed()
    onProgress(progress)
  })
  try {
    return await hold(lock, { signal: AbortSignal.any([signal, stalled.signal]) })
  } catch {
    signal.throwIfAborted()
    return undefined
  } finally {
    watchdog.stop()
    channel.listen()
  }
}
