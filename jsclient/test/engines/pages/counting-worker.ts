/**
 * The Transformers.js worker, with a tap: it tells the page of every token that the package generates, also of those
 * that are generated after an abort and that nobody sees.
 */
import * as transformers from '@huggingface/transformers'
import { expose } from '../../../src/engine/expose.ts'
import type { EnginePort } from '../../../src/engine/protocol.ts'
import { createHost } from '../../../src/engines/transformers/host.ts'
import type { GenerateArguments, ModelOptions, TransformersPeer } from '../../../src/engines/transformers/peer.ts'

const peer = transformers as unknown as TransformersPeer
const endIds = new Set([0n, 2n])

const counting: TransformersPeer = {
  env: peer.env,
  random: peer.random,
  AutoTokenizer: peer.AutoTokenizer,
  InterruptableStoppingCriteria: peer.InterruptableStoppingCriteria,
  AutoModelForCausalLM: {
    async from_pretrained(id: string, options: ModelOptions) {
      const model = await peer.AutoModelForCausalLM.from_pretrained(id, options)
      const generate = model.generate.bind(model)
      model.generate = (args: GenerateArguments) => {
        let promptSeen = false
        const put = (tokens: bigint[][]) => {
          if (promptSeen && !endIds.has(tokens[0]?.[0] ?? 0n)) postMessage({ counted: 1 })
          promptSeen = true
          args.streamer.put(tokens)
        }
        return generate({ ...args, streamer: { put, end() {} } })
      }
      return model
    },
  },
}

expose(
  self as unknown as EnginePort,
  createHost(async () => counting),
)
