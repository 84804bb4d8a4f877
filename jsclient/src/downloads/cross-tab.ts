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
  /**
   * Longest silence of the tab that leads, ms; 0 or Infinity = no silence is too long. After a third of it the followers
   * look at the disk, and so often a leader gives a sign of life.
   */
  stallMs: number
  /** Whether the model is on disk by now. */
  isHere(): Promise<boolean>
  /** How far the tab that leads has come. */
  onProgress(progress: LoadProgress): void
  signal: AbortSignal
}

/** A download that this tab makes. Nothing of it throws. */
export interface OwnDownload {
  /** Lets the followers hear how far it has come, which from the first time on is all that they hear. */
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
 * who follow it download on their own. A leader that has its lock may have to wait until its engine is free, as long as
 * the model in there goes on answering: until its load has reported something it repeats what it knows, which a tab that
 * hangs does not.
 */
export async function joinDownload(names: SharedNames, options: JoinOptions): Promise<OwnDownload | undefined> {
  const channel = openChannel(names.download)
  let known: LoadProgress = { progress: 0, stage: 'download' }
  const { report } = createProgressReporter((progress) => {
    known = progress
    options.onProgress(progress)
  })
  let release: Release | undefined
  let signs: ReturnType<typeof setInterval> | undefined
  const end = (): void => {
    clearInterval(signs)
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
    const { stallMs } = options
    if (stallMs > 0 && stallMs < Infinity) signs = setInterval(() => channel.tell(known), stallMs / 3)
    return {
      tell(progress) {
        clearInterval(signs)
        channel.tell(progress)
      },
      end,
    }
  } catch (error) {
    end()
    throw error
  }
}

/**
 * Waits for the lock and passes on what its holder tells; undefined = the holder has been silent for too long, or long
 * enough to look at the disk, and the model was there. Whoever brought it need not have held this lock.
 */
async function waitFor(
  lock: string,
  channel: ProgressChannel,
  { stallMs, isHere, onProgress, signal }: JoinOptions,
): Promise<Release | undefined> {
  const over = new AbortController()
  const look = async (): Promise<void> => {
    // What it rejects with, `hold` does too, or the caller's own look.
    if (await isHere().catch(() => false)) over.abort()
  }
  const watchdog = createWatchdog(stallMs, () => over.abort())
  let lookout = createWatchdog(stallMs / 3, look)
  channel.listen((progress) => {
    watchdog.feed()
    lookout.stop()
    lookout = createWatchdog(stallMs / 3, look)
    onProgress(progress)
  })
  try {
    return await hold(lock, { signal: AbortSignal.any([signal, over.signal]) })
  } catch {
    signal.throwIfAborted()
    return undefined
  } finally {
    watchdog.stop()
    lookout.stop()
    channel.listen()
  }
}
