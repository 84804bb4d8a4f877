/**
 * The Transformers.js worker, with a tap: it tells the page of every token that the package generates, also of those
 * that are generated after an abort and that nobody sees. And it does as it is told, `WorkerOrders`.
 */
import * as transformers from '@huggingface/transformers'
import { expose } from '../../../src/engine/expose.ts'
import type { EnginePort } from '../../../src/engine/protocol.ts'
import { createHost } from '../../../src/engines/transformers/host.ts'
import type {
  CausalModel,
  GenerateArguments,
  ModelOptions,
  TransformersPeer,
} from '../../../src/engines/transformers/peer.ts'

export interface WorkerOrders {
  /** Milliseconds to wait before each token. */
  paceMs?: number
  /** What to do before the next token: run into a trap of WebAssembly, end the worker, or wait for ever. */
  next?: 'trap' | 'close' | 'hang'
  /** Destroy the GPU device now. */
  destroyDevice?: boolean
}

/** A module whose one function, `f`, is a trap. */
const TRAP = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11],
)

const peer = transformers as unknown as TransformersPeer
const endIds = new Set([0n, 2n])
let orders: WorkerOrders = {}

self.addEventListener('message', ({ data }) => {
  if (!data.orders) return
  orders = data.orders
  const { device } = peer.env.backends.onnx.webgpu ?? {}
  if (orders.destroyDevice) device?.destroy()
})

async function obey(): Promise<void> {
  if (orders.paceMs) await new Promise((resolve) => setTimeout(resolve, orders.paceMs))
  const { next } = orders
  delete orders.next
  if (next === 'trap') (new WebAssembly.Instance(new WebAssembly.Module(TRAP)).exports.f as () => void)()
  if (next === 'close') self.close()
  if (next) await new Promise(() => {})
}

function tapped(model: CausalModel): CausalModel {
  const generate = model.generate.bind(model)
  const forward = model.forward.bind(model)
  model.forward = async (inputs) => {
    await obey()
    return forward(inputs)
  }
  model.generate = (args: GenerateArguments) => {
    const { streamer } = args
    // Without one it computes a part of the prompt.
    if (!streamer) return generate(args)
    let promptSeen = false
    const put = (tokens: bigint[][]) => {
      if (promptSeen && !endIds.has(tokens[0]?.[0] ?? 0n)) postMessage({ counted: 1 })
      promptSeen = true
      streamer.put(tokens)
    }
    return generate({ ...args, streamer: { put, end() {} } })
  }
  return model
}

const counting: TransformersPeer = {
  env: peer.env,
  random: peer.random,
  AutoTokenizer: peer.AutoTokenizer,
  InterruptableStoppingCriteria: peer.InterruptableStoppingCriteria,
  DynamicCache: peer.DynamicCache,
  AutoModelForCausalLM: {
    from_pretrained: async (id: string, options: ModelOptions) =>
      tapped(await peer.AutoModelForCausalLM.from_pretrained(id, options)),
  },
}

expose(
  self as unknown as EnginePort,
  createHost(async () => counting),
)
