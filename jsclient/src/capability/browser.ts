import type { DeviceCapabilities } from '../wire.ts'
import type { NavigatorLike } from './environment.ts'

type Browser = Pick<DeviceCapabilities, 'browserName' | 'browserVersion'>

/**
 * Browsers by a token of the user agent or by "brand/version" of a client hint; the first row that matches wins. Most
 * specific first, since almost every user agent claims to be Chrome, Safari or both: Edge says "Chrome Safari Edg",
 * Chrome says "Safari", and on iOS all are Safari and name themselves by a token of their own.
 */
const BROWSERS: readonly (readonly [pattern: RegExp, name: NonNullable<Browser['browserName']>])[] = [
  [/\bEdg[^/]*\/(\d+)/, 'edge'],
  [/\b(?:OP[RTX]|OPiOS|Opera[^/]*)\/(\d+)/, 'opera'],
  [/\bSamsung ?(?:Browser|Internet)\/(\d+)/, 'samsung'],
  [/\b(?:YaBrowser|Vivaldi|UCBrowser|\w+iBrowser|Silk|Whale|M?QQBrowser|DuckDuckGo|Ddg)\/(\d+)/, 'unknown'],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, 'firefox'],
  [/(?:Chrom(?:e|ium)|CriOS|WebView)\/(\d+)/, 'chrome'],
  [/\bVersion\/(\d+).*\bSafari\//, 'safari'],
]

/** Which browser this is: by client hints where there are any (Chromium, secure contexts), else by the user agent. */
export function detectBrowser(navigator: NavigatorLike | undefined): Browser {
  // Brands hold one or two products and a made-up one ("Not;A=Brand") that keeps servers from matching by position.
  const brands = navigator?.userAgentData?.brands?.filter(({ brand }) => !/^\W?Not[^a-z].*Brand/.test(brand)) ?? []
  const product = brands.find(({ brand }) => brand !== 'Chromium') ?? brands[0]
  const text = product ? `${product.brand}/${product.version}` : navigator?.userAgent
  if (!text) return {}
  for (const [pattern, browserName] of BROWSERS) {
    const browserVersion = pattern.exec(text)?.[1]
    if (browserVersion) return { browserName, browserVersion }
  }
  return { browserName: 'unknown', ...(product && { browserVersion: product.version }) }
}
