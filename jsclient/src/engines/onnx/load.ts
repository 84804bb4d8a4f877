/** Makes a model of its files, in the worker. */
import { describe } from '../../engine/describe.ts'
import type { HostLoadOptions } from '../../engine/expose.ts'
import { createProgressReporter } from '../../engine/progress.ts'
import { probeAdapter, requireAdapter } from '../../engine/webgpu.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../wire.ts'
import type { Config, Settings, Weights } from './contents.ts'
import { readSettings, readWeights } from './contents.ts'
import type { Decoder } from './decoder.ts'
import { createDecoder } from './decoder.ts'
import { openFiles } from './files.ts'
import { endIdsOf, unknownSetting } from './generation.ts'
import { cacheOutputs, readGraph } from './graph.ts'
import type { OnnxPeers, OnnxRuntime, Session } from './peer.ts'
import type { HostConfig } from './source.ts'
import { needsHalfFloats } from './source.ts'
import type { ModelText } from './text.ts'
import { createText } from './text.ts'
import { createTraffic } from './traffic.ts'

export interface Resident {
  session: Session
  decoder: Decoder
  text: ModelText
  /** The model's `generation_config.json`. */
  generation: Config
  endIds: ReadonlySet<bigint>
  /** Most tokens of prompt and answer together. */
  window: number
}

/** Asked in the worker, whose adapter may differ from the page's, and before anything is downloaded. */
export async function requireDevice(info: ModelInfo, { device, graphURL }: HostConfig): Promise<void> {
  if (device !== 'webgpu') return
  requireAdapter(await probeAdapter(), info, { features: needsHalfFloats(graphURL) ? ['shader-f16'] : [] })
}

export async function loadResident(
  peers: OnnxPeers,
  info: ModelInfo,
  config: HostConfig,
  { signal, onProgress }: HostLoadOptions,
): Promise<Resident> {
  const progress = createProgressReporter(onProgress)
  const traffic = createTraffic(progress, info.sizeBytes)
  const files = await openFiles(info, config, traffic, signal)
  try {
    const settings = await readSettings(files, config)
    signal.throwIfAborted()
    // What can't be honoured must not cost a download.
    const text = readText(peers, info, settings)
    traffic.weightsBegin()
    const weights = await readWeights(files, config, settings.config)
    signal.throwIfAborted()
    const resident = { ...(await makeResident(peers, info, config, settings, weights)), text }
    signal.throwIfAborted()
    progress.finish()
    return resident
  } catch (error) {
    if (signal.aborted) throw signal.reason
    const failure = error instanceof ModelLoadError ? error : refused(info, 'invalid_files', error)
    const { code } = failure
    // What can't be read must not be read again next time; whoever is not known to be innocent is suspected.
    if (code === 'invalid_files' || code === 'load_failed') await files.forget('all')
    // Part of a model only takes space from what the user may want more.
    if (code === 'quota_exceeded') await files.forget('fresh')
    throw failure
  }
}

function readText(
  peers: OnnxPeers,
  info: ModelInfo,
  { generation, tokenizer, tokenizerConfig, chatTemplate }: Settings,
): ModelText {
  const setting = unknownSetting(generation)
  if (setting) {
    const message = `generation_config.json of ${info.id} sets ${setting}, which onnx() can't honour; use transformers()`
    throw new ModelLoadError(info.id, message)
  }
  return createText(peers, tokenizer, tokenizerConfig, chatTemplate)
}

async function makeResident(
  { ort }: OnnxPeers,
  info: ModelInfo,
  config: HostConfig,
  { config: model, generation }: Settings,
  { graph, externalData }: Weights,
): Promise<Omit<Resident, 'text'>> {
  configure(ort, config)
  const onGPU = config.device === 'webgpu'
  const session = await ort.InferenceSession.create(graph, {
    executionProviders: [config.device],
    // The cache stays where it is computed; the scores come to the CPU.
    preferredOutputLocation: onGPU ? Object.fromEntries(cacheOutputs(model).map((name) => [name, 'gpu-buffer'])) : {},
    externalData,
    // Errors. On the console it would warn of every operator that runs on the CPU.
    logSeverityLevel: 3,
  }).catch((error) => {
    throw refused(info, codeOf(describe(error).message), error)
  })
  return {
    session,
    decoder: createDecoder(ort, session, readGraph(session, model, info.id)),
    generation,
    endIds: endIdsOf(generation, model),
    window: Math.min(info.contextWindow || Infinity, Number(model.max_position_embeddings ?? Infinity)),
  }
}

/** The runtime's settings are global, which is one reason for a worker per model; they hold from the first session on. */
function configure({ env }: OnnxRuntime, { wasmPaths, numThreads }: HostConfig): void {
  if (wasmPaths !== undefined) env.wasm.wasmPaths = wasmPaths
  if (numThreads !== undefined) env.wasm.numThreads = numThreads
}

/** What the app can do about it. */
const ADVICE: Record<string, string> = {
  invalid_files: 'they are damaged, or not of a model that onnx() reads: check what the server sends',
  misconfigured: "check that wasmPaths names ONNX Runtime's files, for WebGPU those with .asyncify",
  out_of_memory: 'take a smaller model',
}

function refused(info: ModelInfo, code: EngineErrorCode, cause: unknown): ModelLoadError {
  const advice = ADVICE[code] ?? 'take another model, or another engine'
  const message = `${info.id} can't be made of its files: ${describe(cause).message}; ${advice}`
  return new ModelLoadError(info.id, message, { code, cause })
}

/** How browsers and the runtime say that there is no more. */
export const OUT_OF_MEMORY = /out of memory|bad_alloc|(failed to|could not) allocate|allocation failed/i

/** What the runtime's refusal to make a session means. */
function codeOf(message: string): EngineErrorCode {
  if (OUT_OF_MEMORY.test(message)) return 'out_of_memory'
  // Its own files are not where it looks for them, or not the ones for this device.
  if (/no available backend/i.test(message)) return 'misconfigured'
  // INVALID_ARGUMENT, NO_SUCHFILE, NO_MODEL, INVALID_PROTOBUF, INVALID_GRAPH
  if (/ERROR_CODE: ([2347]|10),/.test(message)) return 'invalid_files'
  return 'load_failed'
}
