/** Numbers from 0 up to 1 that a seed, a non-negative integer, settles; without one they differ each time. */
export function createRandom(seed = Math.floor(Math.random() * 2 ** 53)): () => number {
  // Mulberry32, with the seed's upper bits mixed into its 32 bits of state.
  let state = (seed ^ Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1)) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}
