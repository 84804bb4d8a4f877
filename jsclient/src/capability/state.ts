import { defined } from '../defined.ts'
import type { BatteryState, NetworkState, State } from '../wire.ts'
import { browserEnvironment, type DetectorEnvironment, type NavigatorLike } from './environment.ts'
import { bounded, guarded, type ProbeOptions } from './probe.ts'

/**
 * Battery and network as they are now: the part of `State` that the browser knows. Never throws; what can't be read is
 * absent. Cheap enough to ask before every decision.
 */
export async function detectState(
  options: ProbeOptions & { environment?: DetectorEnvironment } = {},
): Promise<Pick<State, 'battery' | 'network'>> {
  const { navigator } = options.environment ?? browserEnvironment()
  return defined({ battery: await detectBattery(navigator, options), network: detectNetwork(navigator) })
}

/** Battery level. Chromium's windows only; undefined elsewhere, in workers too. */
export async function detectBattery(
  navigator: NavigatorLike | undefined,
  options?: ProbeOptions,
): Promise<BatteryState | undefined> {
  const battery = await bounded(() => navigator?.getBattery?.(), options)
  if (!battery || !Number.isFinite(battery.level)) return undefined
  return { levelPermille: Math.round(battery.level * 1000), charging: battery.charging }
}

/**
 * Connection, as far as the browser tells. `navigator.onLine` is believed only when it says no: true merely means that
 * there is some network interface. A cellular connection counts as metered.
 */
export function detectNetwork(navigator: NavigatorLike | undefined): NetworkState {
  const connection = guarded(() => navigator?.connection)
  return defined({
    offline: guarded(() => navigator?.onLine) === false || undefined,
    saveData: connection?.saveData,
    metered: connection?.metered ?? (connection?.type === 'cellular' || undefined),
  })
}
