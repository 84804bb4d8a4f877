/** Chromium's own trace of what its threads did. */
import { once } from 'node:events'
import type { Browser } from 'playwright-core'

interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  args: { name?: string }
  /** Time of the thread, µs. */
  tdur?: number
}

/** Runs something, and gives what the browser did meanwhile. */
export async function traced(browser: Browser, run: () => Promise<unknown>): Promise<TraceEvent[]> {
  const session = await browser.newBrowserCDPSession()
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])))
  const traceConfig = { includedCategories: ['toplevel', 'devtools.timeline', '__metadata'] }
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig })
  await run()
  const complete = once(session as never, 'Tracing.tracingComplete')
  await session.send('Tracing.end')
  await complete
  await session.detach()
  return events
}

/** The longest task of any page's own thread, in ms of that thread's time. */
export function longestTask(events: readonly TraceEvent[]): number {
  const threads = new Set(events.filter(({ args }) => args.name === 'CrRendererMain').map(threadOf))
  const tasks = events.filter((event) => /RunTask$/.test(event.name) && threads.has(threadOf(event)))
  if (tasks.length === 0) throw new Error('the trace has no task of a page')
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000
}

function threadOf({ pid, tid }: TraceEvent): string {
  return `${pid}/${tid}`
}
