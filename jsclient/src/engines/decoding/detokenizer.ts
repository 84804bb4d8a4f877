/** Token ids to text, piece by piece. */
export interface Detokenizer {
  /** Text that the token completes: often a part of a word, "" while a character is incomplete. */
  push(id: bigint): string
  /** What is left, incomplete characters included. */
  flush(): string
}

/**
 * Decodes over a sliding window, as vLLM does: a token's text depends on the one before it (SentencePiece drops the
 * first space, byte-level BPE splits characters), and on nothing further back. Unlike the package's own streamer it
 * doesn't wait for the end of a word. `before` are the ids of the text that the tokens go on with.
 */
export function createDetokenizer(decode: (ids: bigint[]) => string, before: readonly bigint[] = []): Detokenizer {
  let window = [...before]
  /** Tokens at the head of the window whose text was handed out. */
  let done = window.length
  const take = (force: boolean): string => {
    if (window.length === done) return ''
    const old = done > 0 ? decode(window.slice(0, done)) : ''
    const all = decode(window)
    if (all.length <= old.length || (!force && all.endsWith('\uFFFD'))) return ''
    window = window.slice(done)
    done = window.length
    return all.slice(old.length)
  }
  return {
    push(id) {
      window.push(id)
      return take(false)
    },
    flush: () => take(true),
  }
}
