/**
 * A stand-in for ONNX Runtime and the two packages, for what the tiny model can't show. Its model's cache holds the very
 * ids, so that a cache that was cut wrongly gives another answer, and the next id is the sum of all modulo 64.
 */
import type { OnnxPeers, Session, Tensor, TensorData, ValueMetadata } from '../../src/engines/onnx/peer.ts'

export class FakeTensor implements Tensor {
  static live = 0
  readonly type: string
  readonly dims: readonly number[]
  #data: TensorData | undefined

  constructor(type: string, data: TensorData, dims: readonly number[]) {
    this.type = type
    this.dims = dims
    this.#data = data
    FakeTensor.live++
  }

  async getData(): Promise<TensorData> {
    if (!this.#data) throw new Error('a disposed tensor is read')
    return this.#data
  }

  dispose(): void {
    if (this.#data) FakeTensor.live--
    this.#data = undefined
  }
}

export interface FakeOptions {
  type?: 'float32' | 'float16'
  /** Inputs beside `input_ids` and the cache. */
  inputs?: string[]
  /** Instead of what the model has. */
  metadata?: ValueMetadata[]
  /** Thrown by every run, */
  error?: unknown
  /** which else begins with a call of this. */
  onRun?: () => void | Promise<void>
  deviceLost?: Promise<{ message: string; reason: string }>
  /** In the place of a stand-in. */
  peers?: Partial<OnnxPeers>
}

/** The sizes of what was run: ids of each run, and what else it was fed with. */
export interface Runs {
  sizes: number[]
  feeds: Record<string, TensorData>[]
}

const HEADS = 2
const WIDTH = 3
const VOCABULARY = 64

export function fakePeers(options: FakeOptions): { peers: OnnxPeers; runs: Runs } {
  const { type = 'float32', inputs = ['attention_mask'], deviceLost = new Promise(() => {}) } = options
  const runs: Runs = { sizes: [], feeds: [] }
  const caches = [0, 1].flatMap((layer) => [`past_key_values.${layer}.key`, `past_key_values.${layer}.value`])
  const arrayOf = (values: number[]) => (type === 'float16' ? Uint16Array.from(values) : Float32Array.from(values))

  const session: Session = {
    inputMetadata: options.metadata ?? [
      ...['input_ids', ...inputs].map((name) => ({ name, type: 'int64', shape: ['batch', 'tokens'] })),
      ...caches.map((name) => ({ name, type, shape: ['batch', HEADS, 'past', WIDTH] })),
    ],
    outputNames: ['logits', ...caches.map((name) => name.replace('past_key_values', 'present'))],

    async run(feeds, outputs) {
      const data: Record<string, TensorData> = {}
      for (const [name, tensor] of Object.entries(feeds)) data[name] = await tensor.getData()
      const ids = [...(data.input_ids as BigInt64Array)].map(Number)
      runs.sizes.push(ids.length)
      runs.feeds.push(data)
      if (options.error) throw options.error
      await options.onRun?.()
      const [first = ''] = caches
      const past = [...(data[first] as Float32Array)].slice(0, (data[first]?.length ?? 0) / HEADS)
      const all = [...past.filter((_, i) => i % WIDTH === 0), ...ids]
      const rows = Array.from({ length: HEADS }, (_, head) => all.flatMap((id) => Array(WIDTH).fill(id + 100 * head)))
      const cache = arrayOf(rows.flat())
      for (const name of caches) {
        const length = data[name]?.length ?? 0
        if (String(data[name]) !== String(arrayOf(rows.flatMap((row) => row.slice(0, length / HEADS))))) {
          throw new Error(`${name} is not what was left of it`)
        }
      }
      const next = all.reduce((sum, id) => sum + id, 0) % VOCABULARY
      const logits = Array.from({ length: ids.length * VOCABULARY }, (_, i) => {
        return i >= (ids.length - 1) * VOCABULARY && i % VOCABULARY === next ? 0x3c00 : 0
      })
      const make = (name: string) =>
        name === 'logits'
          ? new FakeTensor(type, arrayOf(logits), [1, ids.length, VOCABULARY])
          : new FakeTensor(type, cache.slice(), [1, HEADS, all.length, WIDTH])
      return Object.fromEntries(outputs.map((name) => [name, make(name)]))
    },

    async release() {},
  }

  const ort = {
    env: { wasm: {}, webgpu: { device: Promise.resolve({ lost: deviceLost }) } },
    Tensor: FakeTensor,
    InferenceSession: { create: async () => session },
  }
  /** A token a character, from "@" on. */
  class Tokenizer {
    encode = (text: string) => ({ ids: [...text].map((letter) => letter.charCodeAt(0) - 64) })
    decode = (ids: bigint[]) => String.fromCharCode(...ids.map((id) => Number(id) + 64))
  }
  class Template {
    render({ messages, add_generation_prompt }: Record<string, unknown>) {
      const turns = (messages as { role: string; content: string }[]).map(({ role, content }) => `${role}_${content}^`)
      return turns.join('') + (add_generation_prompt ? 'assistant_' : '')
    }
  }
  return { peers: { ort, Tokenizer, Template } as unknown as OnnxPeers, runs }
}
