/** What can go wrong with a local-only request. */
import { testModel } from '../../src/testing/model.ts'
import type { ServerFault } from '../../src/testing/server-faults.ts'
import type { Snapshot } from '../../src/wire.ts'
import type { AskedBy, Scenario } from './pages/leak-page.ts'

/** A failure, and how requests end in it, in whichever way they are made. */
export interface Failure extends Omit<Scenario, 'client' | 'model'> {
  name: string
  /** "answer", or the error's class and code. */
  ends: string
  /** Defaults to all. */
  ways?: readonly AskedBy[]
  /** What is wrong with the server from the beginning, and from when the client is ready. Default to nothing. */
  early?: ServerFault[]
  late?: ServerFault[]
  /** Members of the policy snapshot that the server gives. */
  snapshot?: Partial<Snapshot>
  /** The page loses the network once the client is ready. */
  offline?: true
  /** Bytes that the origin may store. */
  quota?: number
}

/** All ways to ask. */
export const WAYS = ['generate', 'generate in pieces', 'create', 'create in chunks', 'stream'] as const
/** Those that hand out text as it comes. */
const PIECES = ['generate in pieces', 'create in chunks', 'stream'] as const
/** One that does, and one that does not: the real engine takes its time to load. */
const TWO = ['generate in pieces', 'create'] as const

const NOBODY = 'NoTargetError local_only_unavailable'
const BROKEN_OFF = 'StreamInterruptedError stream_interrupted'
const HANGS_IN_LOAD = { faults: [{ does: 'hang', at: 'load' }] } as const
const HANGS_IN_ANSWER = { faults: [{ does: 'hang', at: 3 }] } as const
const DIES_IN_ANSWER = { faults: [{ does: 'die', at: 3 }] } as const

/** Of any client. */
export const FAILURES: readonly Failure[] = [
  { name: 'nothing fails', ends: 'answer' },
  { name: 'there is no engine', fake: null, ends: NOBODY },
  { name: 'the package is missing', ...failsToLoad('not_installed'), ends: 'EngineNotInstalledError not_installed' },
  { name: 'the user says no', ...failsToLoad('declined'), ends: 'ModelLoadError declined' },
  { name: 'memory runs out', ...failsToLoad('out_of_memory'), ends: 'ModelLoadError out_of_memory' },
  { name: 'the engine may send prompts elsewhere', fake: { onDevice: false }, ends: NOBODY },
  { name: 'no engine honours a field', asks: { logprobs: true }, ways: ['create', 'create in chunks'], ends: NOBODY },
  { name: 'no engine knows a field', asks: { extraBody: { top_k: 1 } }, ways: ['create', 'stream'], ends: NOBODY },
  { name: 'the prompt is too long', words: 3000, ends: NOBODY },
  { name: 'the server is forced', asks: { force: 'server' }, ends: NOBODY },
  { name: 'the server is preferred', asks: { preference: 'never' }, ends: NOBODY },
  {
    name: 'the prompt proves too long',
    ...fails(0, 'context_length_exceeded'),
    ends: 'EngineError context_length_exceeded',
  },
  { name: 'the engine stalls', ...fails(0, 'stalled'), ends: 'EngineError stalled' },
  { name: 'the engine refuses', ...fails(0, 'unsupported'), ends: 'EngineUnsupportedError unsupported' },
  { name: 'the engine dies', fake: { faults: [{ does: 'die', at: 0 }] }, ends: 'EngineLostError lost' },
  { name: 'the answer is interrupted', ...fails(3, 'interrupted'), ends: BROKEN_OFF },
  { name: 'the engine stalls in the answer', ...fails(3, 'stalled'), ends: BROKEN_OFF },
  { name: 'the engine dies in the answer', fake: DIES_IN_ANSWER, ends: BROKEN_OFF },
  { name: 'the engine throws anything', fake: { faults: [{ does: 'throw', at: 3, value: 'oh' }] }, ends: BROKEN_OFF },
  { name: 'the engine forgets to end', fake: { faults: [{ does: 'omit-done' }] }, ends: BROKEN_OFF },
  { name: 'the user leaves in the load', fake: HANGS_IN_LOAD, at: 'load', does: 'abort', ends: 'AbortError' },
  { name: 'the user leaves in the answer', at: 'text', does: 'abort', ways: PIECES, ends: 'AbortError' },
  { name: 'the client is disposed in the load', fake: HANGS_IN_LOAD, at: 'load', does: 'dispose', ends: 'AbortError' },
  {
    name: 'the client is disposed in the answer',
    ...{ fake: HANGS_IN_ANSWER, at: 'text', does: 'dispose', ways: PIECES, ends: 'AbortError' },
  },
  { name: 'the page throws while it reads', at: 'text', does: 'throw', ways: PIECES, ends: 'RangeError' },
]

const CACHED = { cached: ['tiny'] }

/** Of the client that has a server. */
export const SERVED: readonly Failure[] = [
  { name: 'the server permits no model', snapshot: { models: [] }, ends: NOBODY },
  { name: 'there is no snapshot', uninitialized: true, ends: NOBODY },
  { name: 'the snapshot has expired', laterBy: 31 * 24 * 3600, ends: NOBODY },
  { name: 'the server was never there', early: [{ does: 'cut' }], ends: NOBODY },
  { name: 'the server refuses the page', early: [{ does: 'fail', status: 401 }], ends: NOBODY },
  { name: 'the server fails', late: [{ does: 'fail', status: 500 }], ends: 'answer' },
  { name: 'the server hangs', late: [{ does: 'hang' }], ends: 'answer' },
  { name: 'the server is gone', late: [{ does: 'cut' }], ends: 'answer' },
  { name: 'the server is gone, and the engine dies', late: [{ does: 'cut' }], fake: DIES_IN_ANSWER, ends: BROKEN_OFF },
  { name: 'the page is offline', offline: true, fake: CACHED, ends: 'answer' },
  { name: 'the page is offline, and has no model', offline: true, ends: NOBODY },
  { name: 'local answers are all reported', reports: 'all', ends: 'answer' },
  {
    name: 'failures are all reported',
    ...{ reports: 'all', ...fails(3, 'interrupted'), ends: BROKEN_OFF },
  },
]

/** Of the real engine, with a real model, whose files lie there. */
export const REAL: readonly Failure[] = [
  { name: 'nothing fails', ...real(), ends: 'answer' },
  { name: 'the weights are missing', ...real('missing'), ends: 'ModelLoadError model_not_found' },
  { name: "the weights' server fails", ...real('failing'), ends: 'ModelLoadError download_failed' },
  { name: 'the weights are a page of HTML', ...real('html'), ends: 'ModelLoadError invalid_files' },
  { name: 'the weights are truncated', ...real('truncated'), ends: 'ModelLoadError invalid_files' },
  { name: 'the weights are cut off', ...real('cut'), ends: 'ModelLoadError download_failed' },
  { name: 'the storage is full', ...real('none'), quota: 100_000, ends: 'ModelLoadError quota_exceeded' },
  { name: "the worker's script is missing", ...real('none', '/missing.js'), ends: 'EngineError worker_failed' },
  { name: 'the page is offline, and has no model', ...real('none'), offline: true, ends: NOBODY },
  { name: 'the worker is killed', ...real(), at: 'text', does: 'kill', ways: ['create in chunks'], ends: BROKEN_OFF },
  { name: 'the user leaves in the load', ...real('none'), at: 'load', does: 'abort', ends: 'AbortError' },
  { name: 'the user leaves in the answer', ...real(), at: 'text', does: 'abort', ways: ['stream'], ends: 'AbortError' },
  {
    name: 'the client is disposed in the answer',
    ...{ ...real(), at: 'text', does: 'dispose', ways: ['generate in pieces'], ends: 'AbortError' },
  },
]

/** What the real engine runs. */
export const REAL_MODEL = testModel({
  framework: 'transformers.js',
  sizeBytes: 1_729_000,
  source: { modelId: 'edgewise-tiny-v1', dtype: 'q8', device: 'wasm' },
})

/** With files that nobody has stored yet, spoiled in that way. */
function real(fault?: string, worker = '/worker.js'): Pick<Failure, 'real' | 'ways'> {
  return { real: { files: fault ? `/faulty/${fault}/` : '/models/', worker }, ...(fault && { ways: TWO }) }
}

function failsToLoad(code: string): Pick<Failure, 'fake'> {
  return { fake: { faults: [{ does: 'fail', at: 'load', code }] } }
}

function fails(at: number, code: string): Pick<Failure, 'fake'> {
  return { fake: { faults: [{ does: 'fail', at, code }] } }
}
