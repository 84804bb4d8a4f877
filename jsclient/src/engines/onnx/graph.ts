/** What a graph wants to be fed with, read from its inputs. */
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { Config } from './contents.ts'
import type { Session, ValueMetadata } from './peer.ts'

export interface Graph {
  /** Inputs of ids, such as `input_ids`; which of them there are differs. */
  inputs: ReadonlySet<string>
  caches: readonly CacheInput[]
}

/** One tensor of the key-value cache, of the shape [1, heads, tokens, width]. */
export interface CacheInput {
  input: string
  output: string
  type: string
  heads: number
  width: number
}

const IDS = new Set(['input_ids', 'attention_mask', 'position_ids', 'num_logits_to_keep'])
const CACHE = /^past_key_values\.(?=\d+\.(key|value)$)/

/** The outputs that are inputs of the next run, as many as the model's configuration has layers. */
export function cacheOutputs({ num_hidden_layers: layers }: Config): string[] {
  return Array.from({ length: Number(layers ?? 0) }, (_, i) => [`present.${i}.key`, `present.${i}.value`]).flat()
}

/** Throws for a graph that wants what only another engine knows how to give, before any answer goes wrong by it. */
export function readGraph(session: Session, config: Config, modelId: string): Graph {
  const refuse = (what: string): never => {
    const message = `${modelId} can't be run by onnx(): ${what}; export it as a decoder with a key-value cache, or use transformers()`
    throw new ModelLoadError(modelId, message)
  }
  const caches: CacheInput[] = []
  const inputs = new Set<string>()
  for (const value of session.inputMetadata) {
    if (CACHE.test(value.name)) caches.push(cacheOf(value, config, refuse))
    else if (IDS.has(value.name) && value.type === 'int64' && (value.shape?.length ?? 0) <= 2) inputs.add(value.name)
    else refuse(`it wants the input ${value.name} (${value.type}, [${value.shape}])`)
  }
  if (!inputs.has('input_ids') || caches.length === 0) refuse('it has no input_ids or no past_key_values')
  for (const output of ['logits', ...caches.map((cache) => cache.output)]) {
    if (!session.outputNames.includes(output)) refuse(`it has no output ${output}`)
  }
  return { inputs, caches }
}

function cacheOf(
  { name: input, type, shape = [] }: ValueMetadata,
  config: Config,
  refuse: (what: string) => never,
): CacheInput {
  const attentionHeads = Number(config.num_attention_heads)
  const heads = sizeOf(shape[1]) ?? Number(config.num_key_value_heads ?? attentionHeads)
  const width = sizeOf(shape[3]) ?? Number(config.head_dim ?? Number(config.hidden_size) / attentionHeads)
  const isFloat = type === 'float32' || type === 'float16'
  if (!isFloat || shape.length !== 4 || sizeOf(shape[2]) || !(heads * width > 0)) {
    return refuse(`it wants ${input} as ${type}, [${shape}]`)
  }
  return { input, output: input.replace(CACHE, 'present.'), type, heads, width }
}

/** A size that is fixed. */
function sizeOf(dimension: number | string | undefined): number | undefined {
  return typeof dimension === 'number' && dimension > 0 ? dimension : undefined
}
