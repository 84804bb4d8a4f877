import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { detectBrowser } from '../../src/capability/browser.ts'
import type { UserAgentDataLike } from '../../src/capability/environment.ts'

const KHTML = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const WINDOWS = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${KHTML}`
const ANDROID = `Mozilla/5.0 (Linux; Android 10; K) ${KHTML}`
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)'
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'

describe('by user agent', () => {
  const cases: [userAgent: string, name: string, version?: string][] = [
    [`${WINDOWS} Chrome/156.0.0.0 Safari/537.36`, 'chrome', '156'],
    [`${ANDROID} Chrome/156.0.0.0 Mobile Safari/537.36`, 'chrome', '156'],
    [`${WINDOWS} HeadlessChrome/156.0.0.0 Safari/537.36`, 'chrome', '156'],
    [`${IPHONE} CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1`, 'chrome', '141'],
    [`${WINDOWS} Chrome/156.0.0.0 Safari/537.36 Edg/155.0.0.0`, 'edge', '155'],
    [`${ANDROID} Chrome/156.0.0.0 Mobile Safari/537.36 EdgA/155.0.0.0`, 'edge', '155'],
    [`${IPHONE} Version/18.0 EdgiOS/141.0.3537.60 Mobile/15E148 Safari/604.1`, 'edge', '141'],
    [`${WINDOWS} Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763`, 'edge', '18'],
    [`${WINDOWS} Chrome/156.0.0.0 Safari/537.36 OPR/122.0.0.0`, 'opera', '122'],
    [`${IPHONE} Version/18.0 Mobile/15E148 Safari/604.1 OPT/6.1.0`, 'opera', '6'],
    [`${IPHONE} OPiOS/16.0.15 Mobile/15E148 Safari/9537.53`, 'opera', '16'],
    [`${ANDROID} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`, 'samsung', '28'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0', 'firefox', '144'],
    ['Mozilla/5.0 (Android 15; Mobile; rv:144.0) Gecko/144.0 Firefox/144.0', 'firefox', '144'],
    [`${IPHONE} FxiOS/144.0 Mobile/15E148 Safari/605.1.15`, 'firefox', '144'],
    [`${MAC} Version/26.0 Safari/605.1.15`, 'safari', '26'],
    [`${IPHONE} Version/26.0 Mobile/15E148 Safari/604.1`, 'safari', '26'],
    [`${WINDOWS} Chrome/136.0.0.0 YaBrowser/25.6.0.0 Safari/537.36`, 'unknown', '25'],
    [`${WINDOWS} Chrome/134.0.0.0 Safari/537.36 Vivaldi/7.4.3684.38`, 'unknown', '7'],
    [`${ANDROID} Chrome/114.0.5735.196 HuaweiBrowser/15.0.4.312 Mobile Safari/537.36`, 'unknown', '15'],
    [`${ANDROID} Version/4.0 Chrome/123.0.6312.118 XiaoMi/MiuiBrowser/14.26.0 Mobile Safari/537.36`, 'unknown', '14'],
    [`${IPHONE} Version/17.5 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15`, 'unknown', '7'],
    ['curl/8.0', 'unknown'],
  ]
  for (const [userAgent, browserName, browserVersion] of cases) {
    test(`${browserName} ${browserVersion}: ${userAgent.slice(-60)}`, () => {
      assert.deepEqual(detectBrowser({ userAgent }), { browserName, ...(browserVersion && { browserVersion }) })
    })
  }
})

describe('by client hints, which win', () => {
  const brands = (...names: string[]): UserAgentDataLike => ({
    brands: names.map((name) => {
      const slash = name.lastIndexOf('/')
      return { brand: name.slice(0, slash), version: name.slice(slash + 1) }
    }),
  })
  const cases: [hints: UserAgentDataLike, name: string, version: string][] = [
    [brands('Google Chrome/156', 'Chromium/156', 'Not;A=Brand/8'), 'chrome', '156'],
    [brands('Not)A;Brand/8', 'Chromium/156', 'Microsoft Edge/155'), 'edge', '155'],
    [brands('Chromium/156', 'Microsoft Edge WebView2/155', 'Not-A.Brand/24'), 'edge', '155'],
    [brands('Chromium/137', 'Not/A)Brand/24', 'Opera/122'), 'opera', '122'],
    [brands('Chromium/137', 'Opera GX/121', ' Not A;Brand/99'), 'opera', '121'],
    [brands('Samsung Internet/28', 'Chromium/130', 'Not?A_Brand/99'), 'samsung', '28'],
    [brands('Android WebView/156', 'Chromium/156', 'Not A(Brand/8'), 'chrome', '156'],
    [brands('Not_A Brand/99', 'Chromium/156', 'HeadlessChrome/156'), 'chrome', '156'],
    [brands('Chromium/156', 'Not:A-Brand/99'), 'chrome', '156'],
    [brands('Brave/156', 'Chromium/156', 'Not.A/Brand/99'), 'unknown', '156'],
  ]
  for (const [userAgentData, browserName, browserVersion] of cases) {
    test(`${userAgentData.brands?.map(({ brand }) => brand).join(', ')}`, () => {
      const userAgent = `${MAC} Version/26.0 Safari/605.1.15`
      assert.deepEqual(detectBrowser({ userAgent, userAgentData }), { browserName, browserVersion })
    })
  }

  test('hints without brands leave the user agent', () => {
    assert.deepEqual(detectBrowser({ userAgent: 'Firefox/144.0', userAgentData: { brands: [] } }), {
      browserName: 'firefox',
      browserVersion: '144',
    })
  })
})

test('nothing to go by is unknown, and not named so', () => {
  assert.deepEqual(detectBrowser(undefined), {})
  assert.deepEqual(detectBrowser({}), {})
})
