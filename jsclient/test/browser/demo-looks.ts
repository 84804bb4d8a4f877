/** How a page looks, measured: functions that run in it. */

interface Watching {
  shifts: string[]
  shiftObserver: PerformanceObserver
  writeShifts(entries: PerformanceEntryList): void
}

interface LayoutShift extends PerformanceEntry {
  value: number
  sources: { node: Node | null }[]
}

/** Writes down what moves, also right after a key or a click. */
export function watchShifts(): void {
  const shifts: string[] = []
  const write = (entries: PerformanceEntryList) => {
    for (const { value, sources } of entries as LayoutShift[]) {
      const moved = sources.map(({ node }) => (node instanceof Element ? node.outerHTML.slice(0, 60) : node?.nodeName))
      shifts.push(`${value.toFixed(4)} ${moved}`)
    }
  }
  const shiftObserver = new PerformanceObserver((list) => write(list.getEntries()))
  shiftObserver.observe({ type: 'layout-shift', buffered: true })
  Object.assign(window, { shifts, shiftObserver, writeShifts: write })
}

/** Shifts up to the frame after this one, since it was last asked. */
export async function shiftsSoFar(): Promise<string[]> {
  const { shifts, shiftObserver, writeShifts } = window as unknown as Watching
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  writeShifts(shiftObserver.takeRecords())
  return shifts.splice(0)
}

/** Texts with less contrast than WCAG AA asks for, 4.5 to 1; disabled controls may have less. */
export function faintTexts(): { faint: string[]; page: string } {
  const channels = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (color: string) => {
    const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const background = (element: Element | null): string => {
    if (!element) return 'rgb(255, 255, 255)'
    const { backgroundColor } = getComputedStyle(element)
    return channels(backgroundColor)[3] === 0 ? background(element.parentElement) : backgroundColor
  }
  const faint: string[] = []
  for (const element of document.body.querySelectorAll('*')) {
    const said = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.nodeValue?.trim())
    if (!said || !element.checkVisibility() || element.matches(':disabled')) continue
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(background(element))]
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${element.outerHTML.slice(0, 80)}`)
  }
  return { faint, page: getComputedStyle(document.body).backgroundColor }
}
