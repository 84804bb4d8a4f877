/**
 * What a type and a schema have in common: a form that both can be brought into, made of plain values so that a test
 * can compare two and show the difference.
 *
 * A name of a primitive; or the members of an object, an optional one with `?` behind its name. Three names stand for
 * something else: `[]` the items of an array, `[*]` the members of a map, `null or` what may also be null.
 */
export type Shape = string | { [member: string]: Shape }

export const ANY = 'any'

/** Whether a shape has members of its own. */
export const isObject = (shape: Shape): shape is Exclude<Shape, string> => typeof shape === 'object'

/** A string of a closed set, or of an open one with known words. */
export function wordShape(words: readonly string[], open: boolean): string {
  const list = words.map((word) => `'${word}'`).sort()
  return [...(open ? ['string'] : []), ...list].join(' | ')
}

/** One shape that may also be null. */
export const nullable = (shape: Shape, isNullable: boolean): Shape => (isNullable ? { 'null or': shape } : shape)
