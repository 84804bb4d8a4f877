import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { features, type TextFeatures } from '../../src/policy/index.ts'

/** As many code points as are looked at, at either end. */
const WINDOW = 8192

function counts(text: string, want: Partial<TextFeatures>): void {
  const nothing = { codeFences: 0, digits: 0, operators: 0, questionWords: 0, reasoningVerbs: 0, cjk: 0 }
  assert.deepEqual(features(text), { ...nothing, ...want })
}

describe('features', () => {
  const cases: [name: string, text: string, want: Partial<TextFeatures>][] = [
    ['nothing', '', { codePoints: 0 }],
    ['digits, in words too', '4 x4 2025-11', { codePoints: 12, digits: 8 }],
    ['operators, and no hyphen', 'a+b*c/d=e<f>g^h%i|j&k~l a-b', { codePoints: 27, operators: 11 }],
    ['operators beyond ASCII', '2×3÷4∑∀∫', { codePoints: 8, digits: 3, operators: 5 }],
    ['arrows and quotes as neither', '→“”…€', { codePoints: 5 }],
    ['words in any case', 'Why? WHAT! how,when;', { codePoints: 20, questionWords: 4 }],
    ['verbs at either end', 'prove x\tby\nSolve', { codePoints: 16, reasoningVerbs: 2 }],
    ['no words within words', 'somehow whatever plans showhow', { codePoints: 30 }],
    ['no words with digits or underscores', 'why2 2why _why why_ wh4y', { codePoints: 24, digits: 3 }],
    ['words beside a hyphen or an apostrophe', "what's how-to", { codePoints: 13, questionWords: 2 }],
    ['no words with letters of other scripts', 'whyé éwhy whyж жwhy', { codePoints: 19 }],
    ['a combining mark as part of its word', 'why\u0301 why', { codePoints: 8, questionWords: 1 }],
    ['words beside CJK, which ends them', '你why好how', { codePoints: 8, questionWords: 2, cjk: 2 }],
    ['the Kelvin sign as no k', 'as\u212a how', { codePoints: 7, questionWords: 1 }],
    ['CJK', '你好 こんにちは カタカナ 한국어 。！ﾊ', { codePoints: 21, cjk: 17 }],
    ['emoji and other astral characters', '🚀𠀀𝒳', { codePoints: 3, cjk: 2 }],
    ['a family, joined', '👩‍👩‍👧', { codePoints: 5, cjk: 3 }],
    ['text from right to left', 'مرحبا بالعالم', { codePoints: 13 }],
    ['lone surrogates as letters', '\ud800why \udc00 why\udfff \udc00\ud800', { codePoints: 14 }],
    ['a pair after a lone surrogate', '\ud83d\ud83d\ude80', { codePoints: 2, cjk: 1 }],
    ['fences of three or more', '```js\n1\n```` ``x`', { codePoints: 17, codeFences: 2, digits: 1 }],
    ['a fence at the end', 'a```', { codePoints: 4, codeFences: 1 }],
    ['a word beside a fence', 'why```how', { codePoints: 9, codeFences: 1, questionWords: 2 }],
  ]
  for (const [name, text, want] of cases) it(`counts ${name}`, () => counts(text, want))

  it('counts every signal word, once', () => {
    const questions = 'how what when where which who whom whose why'
    const verbs =
      'analyse analyze argue assess calculate compare compute contrast critique debug deduce derive design determine ' +
      'diagnose estimate evaluate explain formulate infer interpret investigate justify optimise optimize plan predict ' +
      'prioritise prioritize prove reason recommend refactor simulate solve synthesise synthesize verify'
    for (const word of questions.split(' ')) counts(word, { codePoints: word.length, questionWords: 1 })
    for (const word of verbs.split(' ')) counts(word, { codePoints: word.length, reasoningVerbs: 1 })
  })

  for (const [name, character] of [
    ['characters', '1'],
    ['pairs', '\u{1d7d9}'],
  ] as const) {
    it(`looks at ${WINDOW} code points of either end, in ${name}`, () => {
      for (const length of [WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW - 1, 2 * WINDOW]) {
        assert.equal(features(character.repeat(length)).codePoints, length)
      }
      for (const length of [2 * WINDOW + 1, 10 * WINDOW]) {
        const ends = '+'.repeat(WINDOW)
        const text = ends + character.repeat(length - 2 * WINDOW) + ends
        counts(text, { codePoints: 2 * WINDOW, operators: 2 * WINDOW })
      }
    })
  }

  it('keeps pairs whole at the edges of the windows', () => {
    for (const shift of ['', '.']) {
      const text = shift + '🚀'.repeat(3 * WINDOW)
      counts(text, { codePoints: 2 * WINDOW, cjk: 2 * WINDOW - shift.length })
    }
    const between = `${'.'.repeat(WINDOW - 1)}\ud83d\ude80${'.'.repeat(WINDOW)}`
    counts(between, { codePoints: 2 * WINDOW, cjk: 1 })
    const lone = `${'.'.repeat(WINDOW)}\ud83d\ude80${'.'.repeat(WINDOW - 2)}\udc00`
    counts(lone, { codePoints: 2 * WINDOW, cjk: 1 })
  })

  it('sees no word across the edges, even where the windows meet', () => {
    const head = `${' '.repeat(WINDOW - 2)}why`
    counts(head, { codePoints: WINDOW + 1 })
    counts(` ${head}`, { codePoints: WINDOW + 2 })
    counts(head.slice(1), { codePoints: WINDOW, questionWords: 1 })
    counts(`${' '.repeat(WINDOW)}why`, { codePoints: WINDOW + 3, questionWords: 1 })
    // The tail begins in the middle of a word that is no signal and ends as one.
    counts(`${' '.repeat(2 * WINDOW)}somehow${' '.repeat(WINDOW - 3)}`, { codePoints: 2 * WINDOW, questionWords: 1 })
  })

  it('sees no fence across the edges, even where the windows meet', () => {
    counts(`${'.'.repeat(WINDOW - 2)}\`\`\`\``, { codePoints: WINDOW + 2 })
    counts(`${'.'.repeat(WINDOW - 3)}\`\`\`\`\`\``, { codePoints: WINDOW + 3, codeFences: 2 })
  })
})
