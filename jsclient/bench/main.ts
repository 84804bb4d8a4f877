/** Runs the benchmarks in Node and in Chromium, and prints them beside their budgets. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Snapshot } from '../src/wire.ts'
import { startHarness } from '../test/browser/harness.ts'
import { type Measured, measure } from './policy.ts'

const golden = new URL('../../hybrid/testdata/golden/policy.json', import.meta.url)
const { response } = JSON.parse(await readFile(golden, 'utf8')) as { response: Snapshot }

print(`Node ${process.versions.node}`, measure(response))

const page = fileURLToPath(new URL('policy.ts', import.meta.url))
const harness = await startHarness({ optimize: true, bundles: { '/policy.js': page } })
try {
  await using opened = await harness.open()
  print(`Chromium ${harness.browser.version()}`, await opened.call<Measured[]>('/policy.js', 'measure', response))
} finally {
  await harness.close()
}

function print(where: string, lines: readonly Measured[]): void {
  for (const { name, µs, beside, ratio, budget } of lines) {
    const verdict = µs <= budget ? 'within' : 'OVER'
    console.log(`${where}: ${name}: ${µs.toFixed(1)} µs (${verdict} ${budget} µs), ${ratio.toFixed(1)} × ${beside}`)
  }
}
