import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { detectFormFactor, type FormFactor, formFactorOf } from '../../src/capability/form-factor.ts'

describe('by user agent', () => {
  const cases: [form: FormFactor | undefined, touchPoints: number | undefined, userAgent: string][] = [
    ['desktop', 0, 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36'],
    ['desktop', 10, 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0'],
    ['desktop', 0, 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36'],
    ['desktop', 10, 'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36'],
    ['desktop', 0, 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15'],
    ['tablet', 5, 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15'],
    // A worker can't see the touch screen: Safari's could be an iPad's.
    [
      undefined,
      undefined,
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1',
    ],
    [
      'desktop',
      undefined,
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36',
    ],
    ['desktop', undefined, 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0'],
    [
      'tablet',
      5,
      'Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 CriOS/141.0 Mobile/15E148 Safari/604.1',
    ],
    [
      'phone',
      5,
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Mobile/15E148 Safari/604.1',
    ],
    ['phone', 5, 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36'],
    ['tablet', 5, 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36'],
    [
      'tablet',
      5,
      'Mozilla/5.0 (Linux; Android 13; SM-X906C) AppleWebKit/537.36 SamsungBrowser/28.0 Chrome/130.0 Safari/537.36',
    ],
    ['phone', 5, 'Mozilla/5.0 (Android 15; Mobile; rv:144.0) Gecko/144.0 Firefox/144.0'],
    ['tablet', 5, 'Mozilla/5.0 (Android 15; Tablet; rv:144.0) Gecko/144.0 Firefox/144.0'],
    [
      'tablet',
      5,
      'Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 Silk/120.1 like Chrome/120.0 Safari/537.36',
    ],
    [
      'phone',
      5,
      'Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Lumia) AppleWebKit/537.36 Chrome/52.0 Mobile Safari/537.36 Edge/15',
    ],
    ['phone', 1, 'Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10'],
    [undefined, 5, ''],
  ]
  for (const [form, touchPoints, userAgent] of cases) {
    test(`${form}, ${touchPoints} touch points: ${userAgent.slice(13, 70)}`, () => {
      assert.equal(formFactorOf(userAgent, touchPoints), form)
    })
  }
})

describe('by client hints, which win', () => {
  const userAgent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36'
  const forms = (...formFactors: string[]) => ({ getHighEntropyValues: async () => ({ formFactors }) })
  const cases: [name: string, hints: object, form: FormFactor][] = [
    ['a tablet that asks for desktop sites', { mobile: false, platform: 'Linux', ...forms('Tablet') }, 'tablet'],
    ['a tablet that says mobile', { mobile: true, platform: 'Android', ...forms('Mobile', 'Tablet') }, 'tablet'],
    ['a phone', { mobile: true, platform: 'Android', ...forms('Mobile') }, 'phone'],
    ['a phone by low entropy alone', { mobile: true, platform: 'Android' }, 'phone'],
    ['a tablet by low entropy alone', { mobile: false, platform: 'Android' }, 'tablet'],
    ['Android on a desk', { mobile: false, platform: 'Android', ...forms('Desktop') }, 'desktop'],
    ['a desktop', { mobile: false, platform: 'Windows', ...forms('Desktop') }, 'desktop'],
    [
      'hints that fail',
      { mobile: false, platform: 'macOS', getHighEntropyValues: () => Promise.reject(new Error()) },
      'desktop',
    ],
    ['hints without a platform', { mobile: false, platform: '' }, 'desktop'],
  ]
  for (const [name, userAgentData, form] of cases) {
    test(name, async () => assert.equal(await detectFormFactor({ userAgent, userAgentData }), form))
  }

  test('hints that hang are waited for no longer than the timeout', async () => {
    const userAgentData = { mobile: true, getHighEntropyValues: () => new Promise<never>(() => {}) }
    assert.equal(await detectFormFactor({ userAgent, userAgentData }, { timeoutMs: 10 }), 'phone')
  })
})

test('no navigator, no form factor', async () => assert.equal(await detectFormFactor(undefined), undefined))
