/** What goes wrong around a page, made for real through the browser's own protocol. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'
import type { Harness, TestPage } from './harness.ts'
import { openIn } from './harness.ts'

/** Crashes the GPU process of the whole browser: every `device.lost` resolves, with the reason "unknown". */
export async function crashGPU(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession()
  // The command takes its own connection down with it.
  session.send('Browser.crashGpuProcess').catch(() => {})
}

/** Bounds what the page's origin may store: writes beyond it throw a QuotaExceededError. Without a bound, takes it back. */
export async function limitStorage({ page, context }: TestPage, bytes?: number): Promise<void> {
  const session = await context.newCDPSession(page)
  const { origin } = new URL(page.url())
  await session.send('Storage.overrideQuotaForOrigin', { origin, ...(bytes !== undefined && { quotaSize: bytes }) })
}

/** Flags of a harness for `openHideable`. */
export const HIDEABLE = ['--remote-debugging-port=0', '--enable-automation']

/** A page that can be hidden and frozen as a browser does it to tabs. */
export interface HideablePage extends TestPage {
  /** Brings another tab to the front: `document.visibilityState` is "hidden". */
  hide(): Promise<void>
  /** Brings this one to the front again. */
  show(): Promise<void>
  /** Stops all tasks of the page and of its workers, as browsers do to save energy. Only a hidden page can be frozen. */
  freeze(): Promise<void>
  thaw(): Promise<void>
}

/**
 * Opens a page that can be hidden, in a browser that was launched with the flags `HIDEABLE`. One such page at a time:
 * they share the browser's own context. Playwright keeps all pages visible that it launched the browser for; over a
 * second connection it meets them as a guest, and leaves them alone.
 */
export async function openHideable({ browser, server }: Harness): Promise<HideablePage> {
  const guest = await chromium.connectOverCDP(`http://127.0.0.1:${await debuggingPort(browser)}`, { noDefaults: true })
  const [context] = guest.contexts()
  if (!context) throw new Error('the browser has no context of its own')
  const opened = await openIn(context, server.origin)
  const { page } = opened
  const session = await context.newCDPSession(page)
  // Hidden pages have no frames, by which it would poll otherwise.
  const becomes = async (state: string) => {
    await page.waitForFunction((wanted) => document.visibilityState === wanted, state, { polling: 20 })
  }
  return {
    ...opened,
    async hide() {
      const other = await context.newPage()
      await other.bringToFront()
      await becomes('hidden')
    },
    async show() {
      await page.bringToFront()
      await becomes('visible')
    },
    freeze: async () => void (await session.send('Page.setWebLifecycleState', { state: 'frozen' })),
    thaw: async () => void (await session.send('Page.setWebLifecycleState', { state: 'active' })),
    async [Symbol.asyncDispose]() {
      await Promise.all(context.pages().map((some) => some.close()))
      await guest.close()
    },
  }
}

/** The port that Chromium chose for itself. */
async function debuggingPort(browser: Browser): Promise<string> {
  const session = await browser.newBrowserCDPSession()
  const { arguments: flags } = await session.send('Browser.getBrowserCommandLine')
  const folder = flags.find((flag) => flag.startsWith('--user-data-dir='))?.replace('--user-data-dir=', '')
  const [port] = (await readFile(join(folder ?? '', 'DevToolsActivePort'), 'utf8')).split('\n')
  if (!port) throw new Error('the browser listens on no port')
  return port
}
