/**
 * How fast the GPU reads its memory. A model reads its weights once a token, so no model writes tokens faster than its GPU
 * can read them: a bound that is known before a byte of the model is downloaded.
 */
import { describeAdapter } from './webgpu.ts'

/** Options of {@link probeBandwidth}. */
export interface BandwidthOptions {
  /** Gives the probe up, and frees the GPU at once. */
  signal?: AbortSignal | undefined
  /** Longest time for all of it, ms. Defaults to 300: nobody should notice. */
  timeoutMs?: number | undefined
  /** The GPU. Defaults to that of this window or worker. */
  gpu?: Pick<GPU, 'requestAdapter'> | undefined
  /** The clock, ms. Defaults to `performance.now`. */
  now?: (() => number) | undefined
}

/** After this time of reading no further round begins, ms. */
const ENOUGH_MS = 120

/** What is read in a pass, bytes: far more than caches hold, and no more than any WebGPU device can bind (128 MiB). */
const BYTES = 64 * 1024 * 1024
/** Passes of a round on a fast GPU, so that what it takes to submit one weighs little. */
const MANY = 4
/** A pass that takes no longer is a fast one, ms. */
const FAST_MS = 30

/** `GPUBufferUsage.STORAGE`. */
const STORAGE_USAGE = 0x80

const THREADS = 256
const GROUPS = 256

/** Each thread reads every so many vectors, neighbours next to each other, and writes a sum so that nothing is left out. */
const SHADER = `
@group(0) @binding(0) var<storage, read> weights: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> sums: array<vec4f>;
@compute @workgroup_size(${THREADS}) fn main(@builtin(global_invocation_id) id: vec3u) {
  var sum = vec4f();
  for (var i = id.x; i < ${BYTES / 16}u; i += ${THREADS * GROUPS}u) { sum += weights[i]; }
  sums[id.x] = sum;
}`

/**
 * Reads 64 MiB of the GPU's memory over and over for a moment, and resolves with the best rate seen, bytes per
 * second. Undefined where there is no GPU, where the adapter is a software one, and where the probe fails, takes too
 * long or is aborted. Never rejects, and leaves nothing allocated.
 */
export async function probeBandwidth(options: BandwidthOptions = {}): Promise<number | undefined> {
  const { signal, timeoutMs = 300, gpu = globalThis.navigator?.gpu, now = () => performance.now() } = options
  if (!gpu || signal?.aborted) return undefined
  let isOver = false
  let device: GPUDevice | undefined
  let end = (): void => {}
  const over = new Promise<void>((resolve) => {
    end = () => {
      isOver = true
      resolve()
      device?.destroy()
    }
  })
  const timer = setTimeout(end, timeoutMs)
  signal?.addEventListener('abort', end)
  let best: number | undefined
  /** The round that goes on. */
  let round: { readonly since: number; readonly bytes: number } | undefined
  const rate = (): number => ((round?.bytes ?? 0) * 1000) / Math.max(now() - (round?.since ?? 0), 0.001)
  const measure = async (): Promise<void> => {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
    if (isOver || !adapter || describeAdapter({ info: adapter.info }).isFallbackAdapter) return
    device = await adapter.requestDevice()
    if (isOver) return device.destroy()
    const read = prepare(device)
    await read(1, 1) // compiles the shader, and wakes the GPU up
    const begun = now()
    let passes = 1
    while (!isOver && now() - begun < ENOUGH_MS) {
      round = { since: now(), bytes: BYTES * passes }
      await read(passes)
      if (isOver) return
      best = Math.max(best ?? 0, rate())
      if (now() - round.since < FAST_MS) passes = MANY
    }
  }
  // What fails in the midst of a round says nothing; what takes too long for it says how slow it is at best.
  await Promise.race([over, measure().catch(() => (round = undefined))])
  clearTimeout(timer)
  signal?.removeEventListener('abort', end)
  const seen = best ?? (round && rate())
  end()
  return signal?.aborted ? undefined : seen
}

/** Reads so many times, and resolves when that is done; one group of threads reads a part of it. */
type Read = (passes: number, groups?: number) => Promise<unknown>

function prepare(device: GPUDevice): Read {
  const module = device.createShaderModule({ code: SHADER })
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } })
  const buffers = [BYTES, THREADS * GROUPS * 16].map((size) => device.createBuffer({ size, usage: STORAGE_USAGE }))
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }))
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries })
  return (passes, groups = GROUPS) => {
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group)
    for (let i = 0; i < passes; i++) pass.dispatchWorkgroups(groups)
    pass.end()
    device.queue.submit([encoder.finish()])
    return device.queue.onSubmittedWorkDone()
  }
}
