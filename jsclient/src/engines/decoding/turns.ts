/**
 * Where a prompt may be cut so that what was computed for its beginning can be used again.
 *
 * A key-value cache that holds the same tokens is not yet the same cache: with weights of 8 bit the activations of a
 * whole pass share one scale, so the numbers depend on which tokens were computed together, and logits were seen to move
 * by 1 to 2. An answer that depends on what was asked before is not repeatable. So prompts are always computed in the
 * same pieces, cut where the assistant's turns open, whether the first pieces are in the cache or not: the numbers then
 * are the same to the last bit, and the cache saves time and changes nothing.
 */

/**
 * The ids with which the model's template opens an assistant's turn; empty when it has no such opening, or none can be
 * found. `render` gives one and the same conversation with and without it.
 */
export function turnOpening(
  render: (withOpening: boolean) => string,
  encode: (text: string) => readonly bigint[],
): bigint[] {
  try {
    const closed = encode(render(false))
    const open = encode(render(true))
    let common = 0
    while (common < closed.length && closed[common] === open[common]) common++
    return open.slice(common)
  } catch {
    return [] // a template that takes other conversations, such as those with a system's message
  }
}

/** The lengths of the prompt's beginnings that end with an opening, rising. */
export function turnEnds(ids: readonly bigint[], opening: readonly bigint[]): number[] {
  const ends: number[] = []
  if (opening.length === 0) return ends
  for (let end = opening.length; end <= ids.length; end++) {
    if (opening.every((id, at) => ids[end - opening.length + at] === id)) ends.push(end)
  }
  return ends
}

/** Whether `ids` begin with `head` and go on. */
export function extendsIds(ids: readonly bigint[], head: readonly bigint[]): boolean {
  return head.length < ids.length && head.every((id, at) => ids[at] === id)
}
