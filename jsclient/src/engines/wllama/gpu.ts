/** The GPU of the page, for models that run on WebGPU. */
import { onAbort } from '../../engine/abort.ts'
import type { AdapterProbe } from '../../engine/webgpu.ts'
import { requireAdapter } from '../../engine/webgpu.ts'
import { raceAbort } from '../../errors/abort.ts'
import type { ModelInfo } from '../../wire.ts'

/**
 * Throws a `ModelLoadError` when the model can't run on it: the package would stay on the CPU in silence. Holds an idle
 * device until the signal aborts, to hear when the GPU process crashes, which the worker's own device tells nobody.
 */
export async function requireGPU(
  probe: AdapterProbe,
  model: ModelInfo,
  signal: AbortSignal,
  onLost: (message: string) => void,
): Promise<void> {
  const adapter = await raceAbort(probe(), signal)
  requireAdapter(adapter, model, { features: ['shader-f16'] })
  const device = await adapter.requestDevice?.().catch(() => undefined)
  onAbort(signal, () => device?.destroy())
  void device?.lost.then(({ message }) => {
    if (!signal.aborted) onLost(`the GPU device was lost: ${message}`)
  })
}
