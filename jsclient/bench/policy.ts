/**
 * What the decision costs: the same code is measured in Node and in a page. Clocks of a page tick coarsely, so a batch
 * has 1,024 calls, and the best of many batches counts: the others met the garbage collector or another program.
 */
import { decide, features, parseSnapshot } from '../src/policy/index.ts'
import type { DeviceCapabilities, ModelInfo, RouteRequest, Snapshot, State } from '../src/wire.ts'

/** One line of the table. */
export interface Measured {
  name: string
  /** Microseconds a call. */
  µs: number
  /** What it is held against, measured in the same run. */
  beside: string
  /** Times as long as that. */
  ratio: number
  /** Microseconds that the design allows. */
  budget: number
}

/** Models in the snapshot: as many as the benchmark of the Go side has. */
const MODELS = 50

const CALLS = 1024

/** Measures; `policy` is an answer of GET /browser/policy. */
export function measure(policy: Snapshot): Measured[] {
  const snapshot = parseSnapshot({ ...policy, models: manyModels(policy.models) })
  const questions = Array.from({ length: CALLS }, (_, i) => question(i, snapshot.models))
  const texts = Array.from({ length: 16 }, (_, i) => longPrompt(i))

  const deciding = best(questions, ({ state, request }) => decide(snapshot, state, request).target)
  const encoding = best(questions, ({ state, request }) => JSON.stringify({ ...request, state }))
  const counting = best(texts, (text) => features(text).codePoints)
  const walking = best(texts, codeUnits)
  return [
    {
      name: `decide, ${MODELS} models`,
      µs: deciding,
      beside: 'JSON.stringify of the same question to the server',
      ratio: deciding / encoding,
      budget: 20,
    },
    {
      name: `features, ${texts[0]?.length} characters`,
      µs: counting,
      beside: 'a bare loop over as many code units as it looks at',
      ratio: counting / walking,
      budget: 150,
    },
  ]
}

/** Keeps results alive, so that no call is optimised away. */
export let sink: unknown

/** Microseconds a call, in the best of the batches. */
function best<Input>(inputs: readonly Input[], call: (input: Input) => unknown): number {
  const batch = (): number => {
    const began = performance.now()
    for (let i = 0; i < CALLS; i++) sink = call(inputs[i % inputs.length] as Input)
    return ((performance.now() - began) / CALLS) * 1000
  }
  const until = performance.now() + 1000
  let least = batch()
  while (performance.now() < until) least = Math.min(least, batch())
  return least
}

/** The catalogue several times over, with sizes and windows that differ. */
function manyModels(catalogue: readonly ModelInfo[]): ModelInfo[] {
  return Array.from({ length: MODELS }, (_, i) => {
    const model = catalogue[i % catalogue.length] as ModelInfo
    return {
      ...model,
      id: `${model.id}-${i}`,
      sizeBytes: model.sizeBytes + i * 1_000_000,
      contextWindow: 1024 << (i % 4),
      disabled: false,
    }
  })
}

/** The i-th of many different questions. */
function question(i: number, models: readonly ModelInfo[]): { state: State; request: RouteRequest } {
  const pick = <T>(...values: T[]): T => values[(i * 2654435761) % values.length] as T
  const capabilities: DeviceCapabilities = {
    hasWebGPU: i % 5 > 0,
    hasWebGL2: i % 7 > 0,
    gpuTier: pick('low', 'medium', 'high', 'medium'),
    gpu: { features: i % 3 > 0 ? ['shader-f16'] : [], isFallbackAdapter: i % 11 === 0 },
    estimatedAvailableRAMGB: 2 + (i % 15),
    isMobile: i % 4 === 0,
    storageQuotaMB: 500 + (i % 9) * 1000,
    ...(i % 2 && { engines: ['webllm', 'transformers.js'] }),
  }
  const known = [i, i * 7, i * 13].map((at) => (models[at % models.length] as ModelInfo).id)
  return {
    state: {
      models: Object.fromEntries(known.map((id) => [id, { status: pick('absent', 'cached', 'loaded'), loadMs: i }])),
      battery: { levelPermille: i % 1000, charging: i % 2 === 0 },
      network: { saveData: i % 17 === 0 },
    },
    request: {
      capabilities,
      promptLength: 40 + ((i * 37) % 3000),
      maxTokens: 100 + (i % 500),
      task: pick('', 'code', 'classification'),
      features: { codePoints: 40 + ((i * 37) % 3000), digits: i % 40, questionWords: i % 4, messages: 1 + (i % 9) },
    },
  }
}

/** About 100,000 characters of prose with numbers, code and other scripts in between. */
function longPrompt(i: number): string {
  const paragraph =
    'Compare both designs and explain why the second costs $1,204 more than the first one did in 2025. ' +
    'Warum ist das so? 为什么会这样？ مرحبا بالعالم 🚀 `for (let i = 0; i < n; i++) total += price[i] * 3`\n'
  return `${i} ${paragraph.repeat(Math.ceil(100_000 / paragraph.length))}`.slice(0, 100_000)
}

/** The least that looking at a text can cost: both ends of it, 8,192 code units each. */
function codeUnits(text: string): number {
  let sum = 0
  for (let i = 0; i < 8192; i++) sum = (sum + text.charCodeAt(i)) | 0
  for (let i = text.length - 8192; i < text.length; i++) sum = (sum + text.charCodeAt(i)) | 0
  return sum
}
