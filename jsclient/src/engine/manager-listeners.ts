import { surface } from '../errors/surface.ts'

/** Calls every listener. What one throws breaks nothing here and is reported as uncaught. */
export function tell<A extends unknown[]>(listeners: Iterable<(...args: A) => void>, ...args: A): void {
  for (const listener of listeners) {
    try {
      listener(...args)
    } catch (error) {
      surface(error)
    }
  }
}
