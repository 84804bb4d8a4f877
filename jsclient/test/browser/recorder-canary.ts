/** Finds a text in bytes, however it was wrapped. */
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib'

/** How often wrappings may be in one another: a form in JSON in a compressed body. */
const DEPTH = 3

/**
 * Says which canaries are in the bytes and how, such as "lark as utf-8 in base64"; empty = none is there. It looks through
 * compression, percent and JSON escapes, one in another, and takes upper for lower case, as in names of hosts.
 *
 * A canary should be of ASCII letters and digits: text that is escaped before it is encoded again is found no more.
 */
export function findCanaries(canaries: readonly string[], bytes: Buffer): string[] {
  const found = new Set<string>()
  const forms = canaries.flatMap((canary) => formsOf(canary))
  for (const { name, text } of unwrap({ name: '', text: bytes.toString('latin1') })) {
    const lower = text.toLowerCase()
    for (const form of forms) {
      if ((form.folds ? lower : text).includes(form.needle)) found.add(`${form.name}${name}`)
    }
  }
  return [...found]
}

/** Bytes as text, one character each. */
interface View {
  readonly name: string
  readonly text: string
}

interface Form {
  readonly name: string
  readonly needle: string
  /** Upper and lower case are the same, and the needle is lower. */
  readonly folds: boolean
}

function formsOf(canary: string): Form[] {
  const utf8 = Buffer.from(canary)
  const utf16le = Buffer.from(canary, 'utf16le')
  const encodings = { 'utf-8': utf8, 'utf-16le': utf16le, 'utf-16be': Buffer.from(utf16le).swap16() }
  return Object.entries(encodings).flatMap(([encoding, bytes]) => {
    const name = `${canary} as ${encoding}`
    const base64 = [0, 1, 2].flatMap((shift) => [
      base64Core(bytes, shift, 'base64'),
      base64Core(bytes, shift, 'base64url'),
    ])
    return [
      { name, needle: bytes.toString('latin1').toLowerCase(), folds: true },
      { name: `${name} in hex`, needle: bytes.toString('hex'), folds: true },
      ...base64.map((needle) => ({ name: `${name} in base64`, needle, folds: false })),
    ]
  })
}

/** What is the same in base64 whatever stands around the bytes, which begin `shift` bytes into a group of three. */
function base64Core(bytes: Buffer, shift: number, alphabet: 'base64' | 'base64url'): string {
  const lead = (3 - shift) % 3
  const whole = bytes.subarray(lead, bytes.length - ((bytes.length - lead) % 3))
  return whole.toString(alphabet)
}

/** The bytes themselves, and what is in them. */
function unwrap(view: View, depth = DEPTH, seen = new Set<string>()): View[] {
  if (seen.has(view.text)) return []
  seen.add(view.text)
  if (depth === 0) return [view]
  const inner = Object.entries(WRAPPINGS).flatMap(([name, open]) => {
    const text = open(view.text)
    return text === undefined ? [] : [{ name: `${view.name} in ${name}`, text }]
  })
  return [view, ...inner.flatMap((one) => unwrap(one, depth - 1, seen))]
}

/** Half a body is enough. */
const cut = { finishFlush: constants.Z_SYNC_FLUSH }
const decompressors = {
  gzip: (bytes: Buffer) => gunzipSync(bytes, cut),
  deflate: (bytes: Buffer) => inflateSync(bytes, cut),
  'raw deflate': (bytes: Buffer) => inflateRawSync(bytes, cut),
  brotli: (bytes: Buffer) => brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: (bytes: Buffer) => zstdDecompressSync(bytes, { finishFlush: constants.ZSTD_e_flush }),
}

/** What may be around a text, and how to take it off; undefined = it is not. */
const WRAPPINGS: Record<string, (text: string) => string | undefined> = {
  ...Object.fromEntries(Object.entries(decompressors).map(([name, open]) => [name, (text) => opened(text, open)])),
  'percent escapes': (text) =>
    text
      .replaceAll('+', ' ')
      .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  'JSON escapes': (text) =>
    text
      .replace(/(?:\\u[0-9a-f]{4})+/gi, (units) => {
        const codes = units
          .slice(2)
          .split(/\\u/i)
          .map((hex) => Number.parseInt(hex, 16))
        return Buffer.from(String.fromCharCode(...codes)).toString('latin1')
      })
      .replace(/\\(["\\/])/g, '$1'),
}

function opened(text: string, open: (bytes: Buffer) => Buffer): string | undefined {
  try {
    return open(Buffer.from(text, 'latin1')).toString('latin1')
  } catch {
    return undefined
  }
}
