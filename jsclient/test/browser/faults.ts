/** What goes wrong around a page, made for real through the browser's own protocol. */
import type { Browser } from 'playwright-core'
import type { TestPage } from './harness.ts'

/** Crashes the GPU process of the whole browser: every `device.lost` resolves, with the reason "unknown". */
export async function crashGPU(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession()
  // The command takes its own connection down with it.
  session.send('Browser.crashGpuProcess').catch(() => {})
}

/** Bounds what the page's origin may store: writes beyond it throw a QuotaExceededError. */
export async function limitStorage({ page, context }: TestPage, bytes: number): Promise<void> {
  const session = await context.newCDPSession(page)
  const { origin } = new URL(page.url())
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: bytes })
}
