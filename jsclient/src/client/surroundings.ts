/** What surrounds the page: the battery, the network, and whether anybody looks at it. */
import { bounded, guarded } from '../capability/probe.ts'

type Watched = Partial<Pick<EventTarget, 'addEventListener'>>

interface Globals extends Watched {
  document?: Watched & { readonly visibilityState?: string }
  navigator?: { readonly connection?: Watched; getBattery?(): Promise<Watched> }
}

/**
 * Calls the listener whenever any of it may have changed, as far as the browser tells, until the signal aborts. In Node
 * it never does.
 */
export function watchSurroundings(onChange: () => void, signal: AbortSignal): void {
  const scope = globalThis as unknown as Globals
  const listener = (): void => onChange()
  const watch = (target: Watched | undefined, ...types: string[]): void => {
    for (const type of types) target?.addEventListener?.(type, listener, { signal })
  }
  watch(scope, 'online', 'offline')
  watch(scope.document, 'visibilitychange')
  watch(
    guarded(() => scope.navigator?.connection),
    'change',
  )
  void bounded(async () => scope.navigator?.getBattery?.(), { signal }).then((battery) =>
    watch(battery, 'levelchange', 'chargingchange'),
  )
}

/** Whether somebody may be looking. Where there is nothing to look at there is nobody to tell. */
export function isVisible(): boolean {
  return (globalThis as unknown as Globals).document?.visibilityState !== 'hidden'
}
