/** Scores as floats, whatever the graph computes with. */
import type { TensorData } from './peer.ts'

/** The last `count` numbers. Half floats come as a `Float16Array`, or as their bits where the browser has none. */
export function toFloats(data: TensorData, count: number): Float32Array {
  const last = data.subarray(-count)
  if (last instanceof Float32Array) return last
  return last instanceof Uint16Array ? Float32Array.from(last, fromHalf) : Float32Array.from(last as never)
}

/** The number whose half-precision bits (IEEE 754) these are. */
function fromHalf(bits: number): number {
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  const sign = bits >> 15 ? -1 : 1
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024))
}
