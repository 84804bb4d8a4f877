/**
 * Web Locks as functions: they span the tabs of an origin and fall free when a tab ends, however it ends. Where there are
 * none, as outside secure contexts, everybody gets every lock: what they guard then goes on uncoordinated.
 */
import { guarded } from '../capability/probe.ts'

/** Gives a lock back. Resolves once others can have it. Idempotent; never rejects. */
export type Release = () => Promise<void>

/** Waits for a lock. Rejects with nothing but the signal's reason. */
export async function hold(name: string, options: { mode?: LockMode; signal?: AbortSignal } = {}): Promise<Release> {
  return (await request(name, options)) ?? open
}

/** Takes a lock for itself alone if nobody has it, not even shared; undefined = somebody has. Never rejects. */
export function holdAlone(name: string): Promise<Release | undefined> {
  return request(name, { ifAvailable: true })
}

/** What is typed as always there is not, in insecure contexts and in Node 20. */
function lockManager(): LockManager | undefined {
  return guarded(() => navigator.locks as LockManager | undefined)
}

async function open(): Promise<void> {}

function request(name: string, options: LockOptions): Promise<Release | undefined> {
  const locks = lockManager()
  if (!locks) return Promise.resolve(open)
  return new Promise((resolve, reject) => {
    const over: Promise<void> = locks
      .request(name, options, (lock) => {
        if (!lock) return resolve(undefined)
        return new Promise<void>((free) => {
          resolve(() => {
            free()
            return over
          })
        })
      })
      .catch(() => {
        if (options.signal?.aborted) reject(options.signal.reason)
        else resolve(open)
      })
  })
}
