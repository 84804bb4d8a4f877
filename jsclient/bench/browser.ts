/**
 * What the client costs beside an engine: answers through it against answers of the same engine in an equal worker, by
 * turns, in one page; and how long its tasks on the page's own thread are. `make bench-browser`.
 */
import { fileURLToPath } from 'node:url'
import type { Harness } from '../test/browser/harness.ts'
import { startHarness } from '../test/browser/harness.ts'
import type { Contest } from './pages/contest.ts'
import { longestTask, traced } from './trace.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** Pairs of answers an engine; the first ones warm up and don't count. */
const PAIRS = 240
const WARM_UP = 20

/** The design's: µs a token, ms to the first, ms a task. */
const BUDGET = { token: 100, first: 1, task: 10 }

const harness = await startHarness({
  optimize: true,
  bundles: {
    '/contest.js': path('pages/contest.ts'),
    '/bare-worker.js': path('pages/bare-worker.ts'),
    '/worker.js': path('../src/engines/transformers/worker.ts'),
  },
  dirs: {
    '/models/': path('../../examples/tinymodel/files/'),
    '/ort/': path('../node_modules/onnxruntime-web/dist/'),
    '/wllama/': path('../node_modules/@wllama/wllama/esm/'),
  },
})
try {
  for (const engine of ['transformers.js', 'wllama']) await compare(harness, engine)
} finally {
  await harness.close()
}

async function compare({ open, browser }: Harness, engine: string): Promise<void> {
  await using opened = await open()
  await opened.call('/contest.js', 'prepare', engine)
  const { client, bare, tokens } = await opened.call<Contest>('/contest.js', 'run', PAIRS, WARM_UP)
  const token = paired(client.token, bare.token)
  const first = paired(client.first, bare.first)
  const pairs = client.token.length
  console.log(`${engine}: ${pairs} pairs of answers of ${tokens} tokens, medians`)
  line('a token', token, 1000, 'µs', BUDGET.token)
  line('the first token', first, 1, 'ms', BUDGET.first)

  const events = await traced(browser, () => opened.call('/contest.js', 'runOnce', 'client'))
  const idle = await traced(browser, () => opened.call('/contest.js', 'runOnce', 'bare'))
  const [own, others] = [longestTask(events), longestTask(idle)]
  const verdict = own <= BUDGET.task ? 'within' : 'OVER'
  console.log(
    `  longest task of the page's thread: ${own.toFixed(2)} ms (${verdict} ${BUDGET.task} ms), ${others.toFixed(2)} ms without the client`,
  )
}

interface Paired {
  client: number
  bare: number
  /** Median of the differences, pair by pair. */
  added: number
}

function paired(client: number[], bare: number[]): Paired {
  const added = median(client.map((value, i) => value - (bare[i] ?? 0)))
  return { client: median(client), bare: median(bare), added }
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function line(what: string, { client, bare, added }: Paired, scale: number, unit: string, budget: number): void {
  const [mine, theirs, more] = [client, bare, added].map((ms) => (ms * scale).toFixed(unit === 'ms' ? 2 : 0))
  const verdict = added * scale <= budget ? 'within' : 'OVER'
  const ratio = (client / bare).toFixed(2)
  console.log(`  ${what}: ${more} ${unit} added (${verdict} ${budget}): ${mine} against ${theirs}, ${ratio} ×`)
}
