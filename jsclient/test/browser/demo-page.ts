/** The demo's page in a browser context of its own, and what its parts say. */
import assert from 'node:assert/strict'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

export interface DemoPageOptions extends BrowserContextOptions {
  origin: string
  /** Runs in the page before its own scripts. */
  initScript?: () => void
  /** Errors that belong to the test, as "text url": the browser itself logs every request that fails. */
  expected?: RegExp
  /** What this visitor says to downloads. Defaults to "yes"; "later" = nothing. */
  offers?: 'yes' | 'no' | 'later'
  /** Called before the page is opened. */
  prepare?: (page: Page) => Promise<unknown>
}

export type AskButton = 'generate' | 'force-browser' | 'force-server'

/** What an answer left on the page. */
export interface Shown {
  state: string
  target: string
  reason: string
  text: string
  /** Token spans by where they were made. */
  tokens: { browser: number; server: number }
  error: string
}

export interface DemoPage extends AsyncDisposable {
  readonly page: Page
  /** Waits until the device is known and the policies are there. */
  ready(): Promise<void>
  /** Fills in the prompt, presses the button and waits for the end. */
  ask(button: AskButton, prompt: string, options?: AskOptions): Promise<Shown>
  /** Waits until the answer is complete, has failed or was stopped. */
  ended(): Promise<Shown>
  stat(name: 'source' | 'tokens' | 'ttft' | 'speed' | 'latency' | 'sent'): Promise<string>
  /** Has the model downloaded and loaded. */
  preload(): Promise<void>
  /** Sets the switch. */
  mode(name: 'auto' | 'always' | 'never'): Promise<void>
  /** Facts of the receipt by name. */
  receipt(): Promise<Record<string, string>>
  /** Cells of the receipt's attempts. */
  attempts(): Promise<string[][]>
  /** Cells of the history's rows. */
  history(): Promise<string[][]>
  /** What was saved, once so many answers have been accounted for. */
  saved(answers: number): Promise<Saved>
}

/** What the page tells of everybody's answers. */
export interface Saved {
  sentence: string
  /** Cells by model and source. */
  rows: string[][]
  status: string
}

export interface AskOptions {
  maxTokens?: number
  complexity?: 'auto' | 'simple' | 'medium' | 'complex'
}

/** Opens the page. Disposing of it closes the context and fails if the page logged an error or threw one. */
export async function openDemo(browser: Browser, options: DemoPageOptions): Promise<DemoPage> {
  const { origin, initScript, expected, prepare, offers = 'yes', ...contextOptions } = options
  const context = await browser.newContext(contextOptions)
  if (offers !== 'later') await context.addInitScript(answerOffers, offers)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(`threw ${error.stack ?? error}`))
  page.on('console', (message) => {
    const line = `${message.text()} ${message.location().url}`
    if (message.type() === 'error' && !expected?.test(line)) problems.push(`logged ${line}`)
  })
  if (initScript) await page.addInitScript(initScript)
  await prepare?.(page)
  await page.goto(origin)

  const cells = (selector: string) =>
    page.$$eval(selector, (rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? '')))
  const demo: DemoPage = {
    page,
    async ready() {
      await page.waitForFunction(() => document.getElementById('status')?.textContent === 'Ready.')
    },
    async ask(button, prompt, { maxTokens = 256, complexity = 'auto' } = {}) {
      await page.fill('#prompt', prompt)
      await page.fill('#max-tokens', String(maxTokens))
      await page.selectOption('#complexity', complexity)
      await page.click(`#${button}`)
      return demo.ended()
    },
    async ended() {
      // Stop is enabled from the press of a button to the end of all that it began.
      await page.waitForFunction(() => document.querySelector<HTMLButtonElement>('#stop')?.disabled)
      return page.evaluate(() => {
        const output = document.querySelector('#output')
        const count = (side: string) => output?.querySelectorAll(`.token.${side}`).length ?? 0
        const { state = '', target = '', reason = '' } = document.querySelector<HTMLElement>('#badge')?.dataset ?? {}
        const text = [...(output?.querySelectorAll('.token') ?? [])].map((token) => token.textContent).join('')
        const tokens = { browser: count('browser'), server: count('server') }
        return { state, target, reason, text, tokens, error: output?.querySelector('.error')?.textContent ?? '' }
      })
    },
    async preload() {
      await page.click('#preload')
      await page.locator('#stored-status', { hasText: /is ready\.$/ }).waitFor()
    },
    mode: (name) => page.getByRole('radio', { name, exact: true }).check(),
    stat: async (name) => (await page.textContent(`#stats [data-stat=${name}]`)) ?? '',
    receipt: () =>
      page.$$eval('#receipt-body .facts dt', (terms) =>
        Object.fromEntries(terms.map((term) => [term.textContent, term.nextElementSibling?.textContent ?? ''])),
      ),
    attempts: () => cells('#receipt-body table >> nth=0 >> tbody tr'),
    history: () => cells('#history tr:not(.empty)'),
    async saved(answers) {
      await page.waitForFunction((answers) => {
        if (!document.querySelector('#savings-models tr')) return false
        const counts = [...document.querySelectorAll('#savings-models td:nth-child(3)')].map((td) => td.textContent)
        return counts.reduce((sum, count) => sum + Number(count), 0) === answers
      }, answers)
      const [sentence = '', status = ''] = await page.$$eval('#savings-sentence, #savings-status', (parts) =>
        parts.map((part) => part.textContent ?? ''),
      )
      return { sentence, status, rows: await cells('#savings-models tr:not(.empty)') }
    },
    async [Symbol.asyncDispose]() {
      await context.close()
      assert.deepEqual(problems, [], 'the page is without errors')
    },
  }
  return demo
}

/** Answers every offer of a download as soon as it is made. */
function answerOffers(answer: string): void {
  new MutationObserver(() => {
    document.querySelector<HTMLButtonElement>(`#offer[open] button[value=${answer}]`)?.click()
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ['open'] })
}
