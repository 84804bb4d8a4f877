/**
 * A page that can't say a word unheard: its origin writes down all that reaches it, and every other host leads into a
 * sink.
 */
import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { type Harness, type HarnessOptions, startHarness } from '../browser/harness.ts'
import { type Arrival, createRecorder } from '../browser/recorder.ts'
import { findCanaries } from '../browser/recorder-canary.ts'
import { startSink } from '../browser/recorder-sink.ts'

/** The browser's own errands would be taken for leaks; nobody is at these addresses. */
const NO_ERRANDS = ['--gaia-url=http://127.0.0.1:1', '--component-updater=url-source=http://127.0.0.1:1']

export interface LeakHarness extends AsyncDisposable {
  readonly harness: Harness
  /** What reached the origin. */
  readonly arrivals: readonly Arrival[]
  /** What went to other hosts, as latin1. */
  readonly caught: readonly string[]
}

export async function startLeakHarness({ flags = [], ...options }: HarnessOptions): Promise<LeakHarness> {
  const sink = await startSink()
  const recorder = createRecorder()
  const tap = (server: Server) => recorder.tap(server)
  const harness = await startHarness({ ...options, flags: [sink.flag, ...NO_ERRANDS, ...flags], tap })
  return {
    harness,
    arrivals: recorder.arrivals,
    caught: sink.caught,
    async [Symbol.asyncDispose]() {
      await harness.close()
      await sink[Symbol.asyncDispose]()
    },
  }
}

/** Where canaries are, such as "POST /leak: lark as utf-8 in gzip"; empty = nowhere. */
export function leaks(arrivals: readonly Arrival[], canaries: readonly string[]): string[] {
  return arrivals.flatMap(({ what, head, body }) =>
    [head, body].flatMap((bytes) => findCanaries(canaries, bytes).map((found) => `${what}: ${found}`)),
  )
}

/** Waits for what the browser sends when it likes; fails after ten seconds. */
export async function until(happened: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!happened()) {
    assert.ok(performance.now() < deadline, `nothing was seen: ${what}`)
    await setTimeout(5)
  }
}
