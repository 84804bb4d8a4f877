/** What screen readers are told of the demo's answers. */
import type { Page } from 'playwright-core'

interface Watching {
  said: string[]
}

/** Writes it down from now on. */
export async function watchAnnouncements(page: Page): Promise<void> {
  await page.evaluate(() => {
    const announcer = document.querySelector('#announcer')
    const said: string[] = []
    Object.assign(window, { said })
    const observer = new MutationObserver(() => said.push(announcer?.textContent ?? ''))
    if (announcer) observer.observe(announcer, { childList: true, characterData: true, subtree: true })
  })
}

export function announcements(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as Watching).said)
}
