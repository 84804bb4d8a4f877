import type { RequestFeatures } from '../wire.ts'

/** How many code points are looked at, at either end of a text. */
const WINDOW = 8192

/** What the features of one text are; how many messages it has been put together from is for the caller to say. */
export type TextFeatures = Required<Omit<RequestFeatures, 'messages'>>

/**
 * Counts what a decision may know of a text, in one pass over at most 8,192 code points at its head and as many at its
 * tail. The same function as in Go, with the same numbers: a lone surrogate counts as one U+FFFD. Join the texts of a
 * conversation with line breaks.
 */
export function features(text: string): TextFeatures {
  const counts = {
    codePoints: 0,
    codeFences: 0,
    digits: 0,
    operators: 0,
    questionWords: 0,
    reasoningVerbs: 0,
    cjk: 0,
  }
  const head = look(text, 0, counts)
  look(text, tailStart(text, head), counts)
  return counts
}

/** Where the last window of a text begins, `head` at the earliest. */
function tailStart(text: string, head: number): number {
  let start = text.length
  for (let seen = 0; seen < WINDOW && start > head; seen++) {
    const isPair = start - head > 1 && (text.codePointAt(start - 2) as number) > 0xffff
    start -= isPair ? 2 : 1
  }
  return start
}

// What a code point is to a count. From FOREIGN on it belongs to a word, and a letter of ASCII is its own lower case.
const OTHER = 0
const OPERATOR = 1
const FENCE = 2
const CJK = 3
const FOREIGN = 4
const DIGIT = 5

/** Adds the counts of one window, and returns where it ends. */
function look(text: string, from: number, counts: TextFeatures): number {
  const { length } = text
  let at = from
  let seen = 0
  let digits = 0
  let operators = 0
  let cjk = 0
  let backticks = 0
  let word = from // where it began
  let hash = 0
  for (; seen < WINDOW && at < length; seen++) {
    let code = text.charCodeAt(at)
    if (code >= 0x80) code = text.codePointAt(at) as number
    const kind = code < 0x80 ? (ASCII[code] as number) : kindOf(code)
    const next = at + (code > 0xffff ? 2 : 1)
    if (kind >= FOREIGN) {
      hash = mix(hash, kind)
      if (kind === DIGIT) digits++
    } else {
      if (HASHES[hash]) tally(text.slice(word, at), counts)
      word = next
      hash = 0
      if (kind === OPERATOR) operators++
      else if (kind === CJK) cjk++
    }
    backticks = kind === FENCE ? backticks + 1 : 0
    if (backticks === 3) counts.codeFences++
    at = next
  }
  if (HASHES[hash]) tally(text.slice(word, at), counts)
  counts.codePoints += seen
  counts.digits += digits
  counts.operators += operators
  counts.cjk += cjk
  return at
}

/** Counts a word, if it is a signal. Few others have the hash of one, so few come here. */
function tally(word: string, counts: TextFeatures): void {
  const signal = SIGNALS.get(word.toLowerCase())
  if (signal) counts[signal]++
}

const ASCII = Uint8Array.from({ length: 0x80 }, (_, code) => {
  const character = String.fromCharCode(code)
  if (/[a-z]/i.test(character)) return code | 0x20
  if (/\d/.test(character)) return DIGIT
  if (character === '_') return FOREIGN
  if (character === '`') return FENCE
  // The hyphen is no operator: it stands in words.
  return '+*/=<>^%|&~'.includes(character) ? OPERATOR : OTHER
})

/**
 * What a code point above ASCII is. The blocks are spelt out because the Unicode tables of two languages need not have
 * the same age.
 */
function kindOf(code: number): number {
  if (code < 0x1100) {
    if (code === 0xd7 || code === 0xf7) return OPERATOR
    return code < 0xc0 ? OTHER : FOREIGN
  }
  // Scripts with about one token a character, their punctuation, and emoji.
  if (
    (code >= 0x2e80 && code <= 0xa4cf) || // CJK radicals to Yi
    (code >= 0xac00 && code <= 0xd7ff) || // Hangul syllables
    code <= 0x11ff || // Hangul Jamo
    (code >= 0xa960 && code <= 0xa97f) || // Hangul Jamo Extended-A
    (code >= 0xf900 && code <= 0xfaff) || // CJK compatibility ideographs
    (code >= 0xfe30 && code <= 0xfe4f) || // CJK compatibility forms
    (code >= 0xff00 && code <= 0xffef) || // half- and full-width forms
    (code >= 0x1f000 && code <= 0x1faff) || // emoji
    (code >= 0x20000 && code <= 0x3ffff) // supplementary ideographs
  ) {
    return CJK
  }
  if (code >= 0x2200 && code <= 0x22ff) return OPERATOR // Mathematical Operators
  // Punctuation, signs, arrows and the like.
  return code >= 0x2000 && code <= 0x2bff ? OTHER : FOREIGN
}

/** English only: in other languages the score goes by lengths, code, digits and operators. */
const SIGNALS = new Map([
  ...signals('questionWords', 'how what when where which who whom whose why'),
  ...signals(
    'reasoningVerbs',
    'analyse analyze argue assess calculate compare compute contrast critique debug deduce derive design determine ' +
      'diagnose estimate evaluate explain formulate infer interpret investigate justify optimise optimize plan predict ' +
      'prioritise prioritize prove reason recommend refactor simulate solve synthesise synthesize verify',
  ),
])

function signals<Kind extends string>(kind: Kind, words: string): [string, Kind][] {
  return words.split(' ').map((word) => [word, kind])
}

const MASK = 1023

/** Marks the hashes that signal words have. */
const HASHES = new Uint8Array(MASK + 1)
for (const word of SIGNALS.keys()) {
  let hash = 0
  for (let i = 0; i < word.length; i++) hash = mix(hash, word.charCodeAt(i))
  HASHES[hash] = 1
}

function mix(hash: number, kind: number): number {
  return (hash * 31 + kind) & MASK
}
