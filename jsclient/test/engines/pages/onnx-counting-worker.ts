/**
 * The ONNX Runtime worker, with a tap: it tells the page of every token that the graph's scores make, also of those that
 * come after an abort and that nobody sees, and on request of the tensors and of the memory that are held.
 */
import { Template } from '@huggingface/jinja'
import { Tokenizer } from '@huggingface/tokenizers'
import * as runtime from 'onnxruntime-web/webgpu'
import { expose } from '../../../src/engine/expose.ts'
import type { EnginePort } from '../../../src/engine/protocol.ts'
import { createHost } from '../../../src/engines/onnx/host.ts'
import type { OnnxPeers, OnnxRuntime, Tensor } from '../../../src/engines/onnx/peer.ts'

const ort = runtime as unknown as OnnxRuntime
const endIds = new Set([0, 2])

const live = new Set<Tensor>()
/** Remembers a tensor until it is disposed. */
function watch<T extends Tensor>(tensor: T): T {
  const dispose = tensor.dispose.bind(tensor)
  tensor.dispose = () => {
    live.delete(tensor)
    dispose()
  }
  live.add(tensor)
  return tensor
}

async function count(logits: Tensor) {
  const data = (await logits.getData()) as Float32Array
  const last = data.subarray(-(logits.dims.at(-1) ?? 0))
  if (!endIds.has(last.indexOf(Math.max(...last)))) postMessage({ counted: 1 })
}

const counting: OnnxRuntime = {
  env: ort.env,
  Tensor: new Proxy(ort.Tensor, {
    construct: (Target, args: ConstructorParameters<OnnxRuntime['Tensor']>) => watch(new Target(...args)),
  }),
  InferenceSession: {
    async create(graph, options) {
      const session = await ort.InferenceSession.create(graph, options)
      const run = session.run.bind(session)
      session.run = async (feeds, outputs) => {
        const results = await run(feeds, outputs)
        for (const tensor of Object.values(results)) watch(tensor)
        if (results.logits) await count(results.logits)
        return results
      }
      return session
    },
  },
}

/** ONNX Runtime makes its memory here. */
const memories: WebAssembly.Memory[] = []
WebAssembly.Memory = class extends WebAssembly.Memory {
  constructor(descriptor: WebAssembly.MemoryDescriptor) {
    super(descriptor)
    memories.push(this)
  }
}

self.addEventListener('message', ({ data }) => {
  if (data !== 'holdings') return
  const bytes = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
  postMessage({ holdings: { tensors: live.size, bytes } })
})

expose(
  self as unknown as EnginePort,
  createHost(async () => ({ ort: counting, Tokenizer, Template }) as unknown as OnnxPeers),
)
