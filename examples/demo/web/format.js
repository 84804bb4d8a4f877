// Numbers as people read them. A dash stands for what is not known.

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

/** @param {number | undefined} ms */
export function milliseconds(ms) {
  if (ms === undefined) return '–'
  return ms < 1000 ? `${Math.round(ms)} ms` : `${number.format(ms / 1000)} s`
}

/** @param {number | undefined} tokensPerSecond */
export function speed(tokensPerSecond) {
  return tokensPerSecond === undefined ? '–' : Math.round(tokensPerSecond).toLocaleString('en')
}

/** @param {number | undefined} bytes */
export function size(bytes) {
  if (!bytes) return '–'
  const units = ['B', 'kB', 'MB', 'GB']
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1)
  return `${number.format(bytes / 1000 ** power)} ${units[power]}`
}

/**
 * What a model takes on the device. Its files may be the lesser part.
 *
 * @param {number} bytes
 * @param {import('@edgewise/client').ModelInfo} model
 */
export function sizeOnDevice(bytes, { sizeBytes }) {
  return bytes > sizeBytes ? `${size(bytes)} with its engine` : size(bytes)
}

/** @param {number | undefined} gigabytes */
export function gigabytes(gigabytes) {
  return gigabytes === undefined ? '–' : `${number.format(gigabytes)} GB`
}

/** @param {boolean | undefined} value */
export function yesNo(value) {
  if (value === undefined) return 'unknown'
  return value ? 'yes' : 'no'
}

/** @param {number} value */
export function count(value) {
  return value.toLocaleString('en')
}

const cents = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' })
const millionths = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', minimumFractionDigits: 6 })

/** @param {number} microUSD millionths of a US dollar */
export function money(microUSD) {
  if (microUSD === 0) return '$0'
  return (microUSD < 1e6 ? millionths : cents).format(microUSD / 1e6)
}

// The server's assumption, as the page's note says it. A dollar a million tokens is a millionth a token.
const DOLLARS_PER_MILLION_TOKENS = Number(document.documentElement.dataset.dollarsPerMillionTokens)

/** @param {number} tokens that the server was sent and made, together */
export function cost(tokens) {
  return money(tokens * DOLLARS_PER_MILLION_TOKENS)
}
