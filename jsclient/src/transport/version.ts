/** The header by which client and server tell each other which version of the wire they speak, MAJOR.MINOR. */
export const VERSION_HEADER = 'x-edgewise-version'

/** The version that this package speaks. README.md says what a new one may change. */
export const WIRE_VERSION = '1.2'

/** The minor version of our major that a server says it speaks. Whoever says none is taken for 1.0, which said none. */
export function minorOf(said: string | null): number {
  return Number(/^1\.(\d+)$/.exec(said ?? '')?.[1] ?? 0)
}
