import type { NavigatorLike } from './environment.ts'
import { bounded, type ProbeOptions } from './probe.ts'

/** What a person would call the device. */
export type FormFactor = 'phone' | 'tablet' | 'desktop'

/**
 * Phone, tablet or desktop: by the form-factor client hint, then by the low-entropy hints, then by the user agent. That
 * order matters for tablets, whose user agents and low-entropy hints may be those of a phone or a desktop.
 */
export async function detectFormFactor(
  navigator: NavigatorLike | undefined,
  options?: ProbeOptions,
): Promise<FormFactor | undefined> {
  const hints = navigator?.userAgentData
  const hint = await bounded(async () => hints?.getHighEntropyValues?.(['formFactors']), options)
  const forms = hint?.formFactors ?? []
  if (forms.includes('Tablet')) return 'tablet'
  if (hints?.mobile || forms.includes('Mobile')) return 'phone'
  if (hints?.platform) return hints.platform === 'Android' && !forms.includes('Desktop') ? 'tablet' : 'desktop'
  return formFactorOf(navigator?.userAgent, navigator?.maxTouchPoints)
}

/**
 * Form factor by user agent and `maxTouchPoints`. Android says "Mobile" on phones only. An iPad says that it is a
 * Macintosh and gives itself away by its touch screen, which workers can't see: there, Safari's Macintosh is unknown.
 */
export function formFactorOf(userAgent: string | undefined, touchPoints: number | undefined): FormFactor | undefined {
  if (!userAgent) return undefined
  const says = (pattern: RegExp): boolean => pattern.test(userAgent)
  if (says(/iPad/)) return 'tablet'
  if (says(/Macintosh/)) {
    if (touchPoints === undefined && !says(/(Chrome|Firefox)\//)) return undefined
    return touchPoints && touchPoints > 1 ? 'tablet' : 'desktop'
  }
  if (says(/\bMobile\b|iPhone|iPod|Windows Phone|Opera Mo?[bi]ni?/)) return 'phone'
  return says(/Android|Tablet/) ? 'tablet' : 'desktop'
}
