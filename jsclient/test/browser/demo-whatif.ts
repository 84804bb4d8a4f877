/** The demo's "what if": its controls by their labels, and what it shows. */
import type { Page } from 'playwright-core'

export type Control =
  | 'Prompt length'
  | 'Battery'
  | 'Charging'
  | 'Network'
  | 'Privacy'
  | 'Device'
  | 'GPU'
  | 'Model memory'
  | 'Models'
  | 'Engines'

/** Options of controls, or steps of sliders. */
export type Choices = Partial<Record<Control, string>>

/** A decision as a visitor reads it. */
export interface ShownCase {
  target: string
  reason: string
  model: string
  alternates: string
  fallback: string
  preload: string
  /** Models left, by filter. */
  filters: Record<string, number>
  /** What each policy says, by name: "abstains", "prefers server: low_battery". */
  policies: Record<string, string>
  /** Of the prompt's complexity, thousandths. */
  score: number
}

/** How it stands beside the decision on this device. */
export interface ShownMarks {
  /** The badge of this device. */
  here: string
  sentence: string
  /** Lines that decided, and lines that differ. */
  deciding: string[]
  changed: string[]
  /** Numbers that differ. */
  numbers: string[]
  time: string
}

export interface WhatIf {
  /** Opens the section, unless it is open, and waits until it shows a decision. */
  open(): Promise<void>
  /** Opens or closes the section. */
  toggle(): Promise<void>
  set(choices: Choices): Promise<void>
  reset(): Promise<void>
  shown(): Promise<ShownCase>
  marks(): Promise<ShownMarks>
  /** What is said of the policies, or of why there are none. */
  source(): Promise<string>
}

export function whatIf(page: Page): WhatIf {
  const section = page.locator('#what-if')
  const self: WhatIf = {
    async open() {
      if ((await section.getAttribute('open')) === null) await self.toggle()
      await section.locator('.policies tbody tr').first().waitFor()
    },
    toggle: () => section.locator('summary').click(),
    async set(choices) {
      for (const [label, value] of Object.entries(choices)) {
        const control = section.getByLabel(label, { exact: true })
        if ((await control.getAttribute('type')) === 'range') await control.fill(value)
        else await control.selectOption(value)
      }
    },
    reset: () => section.getByRole('button', { name: 'Reset' }).click(),
    shown: () => section.evaluate(readCase),
    marks: () => section.evaluate(readMarks),
    source: async () => (await section.locator('#case-source').textContent()) ?? '',
  }
  return self
}

function readCase(section: Element): ShownCase {
  const text = (element: Element | null | undefined) => element?.textContent ?? ''
  const rows = (table: string) => [...section.querySelectorAll(`.${table} tbody tr`)]
  const name = (row: Element) => row.querySelector('th')?.firstChild?.nodeValue ?? ''
  const stat = (one: string) => text(section.querySelector(`[data-stat=${one}]`))
  const says = (row: Element) =>
    [text(row.querySelector('.says')), row.querySelector('.why')?.firstChild?.nodeValue?.replace(': ', '')]
      .filter(Boolean)
      .join(': ')
  const { target = '', reason = '' } = section.querySelector<HTMLElement>('#case-badge')?.dataset ?? {}
  return {
    target,
    reason,
    model: stat('model'),
    alternates: stat('alternates'),
    fallback: stat('fallback'),
    preload: stat('preload'),
    filters: Object.fromEntries(rows('filters').map((row) => [name(row), Number(text(row.querySelector('.left')))])),
    policies: Object.fromEntries(rows('policies').map((row) => [name(row), says(row)])),
    score: Number(/score (\d+)/.exec(text(section.querySelector('.policies')))?.[1]),
  }
}

function readMarks(section: Element): ShownMarks {
  const all = (selector: string) => [...section.querySelectorAll(selector)]
  const text = (selector: string) => section.querySelector(selector)?.textContent ?? ''
  const names = (selector: string) => all(`${selector} th`).map((cell) => cell.firstChild?.nodeValue ?? '')
  return {
    here: text('#case-here'),
    sentence: text('#case-sentence'),
    deciding: names('tr[data-decides]'),
    changed: names('tr[data-changed]'),
    numbers: all('.numbers b').map((part) => part.textContent ?? ''),
    time: text('[data-stat=time]'),
  }
}

/** Choices of "what if" that end in each colour, with the longest words. */
export const EVERY_OUTCOME: Choices[] = [
  { GPU: 'webgpu', Engines: 'any', Device: 'high-end' },
  { Battery: '10', Charging: 'no', 'Prompt length': '170', GPU: 'webgpu', Engines: 'any' },
  { GPU: 'none', 'Prompt length': '200' },
  { GPU: 'none', Privacy: 'local-only', Network: 'offline' },
]
