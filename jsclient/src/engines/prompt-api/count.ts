/** Counts an answer's tokens: the browser tells them only when the answer is whole. */

/**
 * Takes each next chunk with the text up to its end and gives the tokens of that text: exact when they could reach the
 * limit, else at least one a chunk.
 */
export type Counter = (chunk: string, text: string) => Promise<number>

/** `measure` asks the browser, which takes its time; a token has at least a byte, so it is asked only near the limit. */
export function createCounter(limit: number, measure: (text: string) => Promise<number>): Counter {
  const encoder = new TextEncoder()
  let count = 0
  /** No text so far has more. */
  let most = 0
  return async (chunk, text) => {
    count++
    most += encoder.encode(chunk).length
    if (most >= limit) {
      count = Math.max(count, await measure(text))
      most = count
    }
    return count
  }
}
