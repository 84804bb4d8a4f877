/** A demo that goes away and comes back at its address, and what a page of it keeps in the browser. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import type { Demo, DemoBuild } from './demo-program.ts'

/** A demo that is ended and started at will, with the same account and the same keys. */
export interface Station extends AsyncDisposable {
  readonly origin: string
  stop(): Promise<void>
  start(...flags: string[]): Promise<void>
}

export async function openStation(build: DemoBuild): Promise<Station> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-station-'))
  const kept = ['-db', path.join(folder, 'demo.sqlite'), '-keys-file', path.join(folder, 'demo.keys')]
  let demo: Demo = await build.start(...kept)
  const { origin } = demo
  return {
    origin,
    stop: () => demo.stop(),
    async start(...flags) {
      demo = await build.start(...kept, '-addr', `127.0.0.1:${new URL(origin).port}`, ...flags)
      assert.equal(demo.origin, origin)
    },
    async [Symbol.asyncDispose]() {
      await demo.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Waits until the page is kept. */
export async function isKept(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready
    await new Promise<void>((resolve) => {
      const look = () => active?.state === 'activated' && resolve()
      active?.addEventListener('statechange', look)
      look()
    })
  })
}

/** Paths in the caches of the page's versions, by name. */
export function keptPaths(page: Page): Promise<Record<string, string[]>> {
  return page.evaluate(async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith('edgewise-demo-'))
    const paths = async (name: string) => {
      const requests = await (await caches.open(name)).keys()
      return requests.map(({ url }) => new URL(url).pathname)
    }
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await paths(name)])))
  })
}

/** What the button copies. The page must be allowed to read the clipboard. */
export async function copiedDebug(page: Page): Promise<{ text: string; reportsWaiting: number; routes: unknown[] }> {
  await page.evaluate(() => navigator.clipboard.writeText(''))
  await page.click('#copy-debug')
  const text = await (
    await page.waitForFunction(async () => (await navigator.clipboard.readText()) || undefined)
  ).jsonValue()
  return { ...JSON.parse(text ?? ''), text }
}
