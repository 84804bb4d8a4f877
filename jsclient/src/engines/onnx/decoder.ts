/** Runs the graph over ids and keeps its key-value cache, from one answer to the next. */
import { pieceEnds } from '../decoding/pieces.ts'
import type { CacheInput, Graph } from './graph.ts'
import { toFloats } from './half.ts'
import type { OnnxRuntime, Session, Tensor } from './peer.ts'

export interface Decoder {
  /** Runs a prompt, from where the cache goes on with it. `turnEnds`: where it may be cut, rising. */
  prompt(ids: readonly bigint[], turnEnds: readonly number[], pause: Pause): Promise<PromptScores>
  /** Runs a token of the answer. Resolves with the scores of the one that comes next. */
  next(id: bigint, pause: Pause): Promise<Float32Array>
  dispose(): void
}

/** Awaited before each run of the graph; ends it all by throwing. */
export type Pause = () => Promise<void>

export interface PromptScores {
  /** Of the token that comes next. */
  scores: Float32Array
  /** Tokens that were in the cache. */
  cachedTokens: number
}

export function createDecoder(ort: OnnxRuntime, session: Session, { inputs, caches }: Graph): Decoder {
  /** The tokens that the cache holds, */
  let seen: bigint[] = []
  /** and how many of them were run as a prompt. */
  let prompted = 0
  let cache: Record<string, Tensor> = {}

  const int64 = (values: BigInt64Array, dims: readonly number[]) => new ort.Tensor('int64', values, dims)

  const drop = () => {
    for (const tensor of Object.values(cache)) tensor.dispose()
    cache = {}
    seen = []
    prompted = 0
  }

  const run = async (ids: readonly bigint[], isLast: boolean): Promise<Tensor | undefined> => {
    const from = seen.length
    const total = from + ids.length
    const feeds = { ...cache }
    for (const { input, type, heads, width } of caches) {
      feeds[input] ??= new ort.Tensor(type, emptyOf(type), [1, heads, 0, width])
    }
    const values: Record<string, () => Tensor> = {
      input_ids: () => int64(BigInt64Array.from(ids), [1, ids.length]),
      attention_mask: () => int64(new BigInt64Array(total).fill(1n), [1, total]),
      position_ids: () =>
        int64(
          BigInt64Array.from(ids, (_, i) => BigInt(from + i)),
          [1, ids.length],
        ),
      num_logits_to_keep: () => int64(BigInt64Array.of(1n), []),
    }
    for (const input of inputs) feeds[input] = values[input]?.() as Tensor
    const outputs = caches.map(({ output }) => output)
    try {
      const results = await session.run(feeds, isLast ? [...outputs, 'logits'] : outputs)
      cache = Object.fromEntries(caches.map(({ input, output }) => [input, results[output] as Tensor]))
      seen.push(...ids)
      return results.logits
    } catch (error) {
      drop()
      throw error
    } finally {
      for (const tensor of Object.values(feeds)) tensor.dispose()
    }
  }

  const scoresOf = async (logits: Tensor | undefined): Promise<Float32Array> => {
    if (!logits) throw new TypeError('the graph gave no logits')
    const scores = toFloats(await logits.getData(), logits.dims.at(-1) ?? 0)
    logits.dispose()
    return scores
  }

  /** Cuts the cache down to whole pieces that the prompt has too. Its last piece is always run again, for the scores. */
  const rewind = async (ids: readonly bigint[], ends: readonly number[]): Promise<number> => {
    let common = 0
    while (common < prompted && seen[common] === ids[common]) common++
    const kept = ends.filter((end) => end <= common && end < ids.length).at(-1) ?? 0
    if (kept === 0) drop()
    if (kept === seen.length) return kept
    try {
      for (const shape of caches) cache[shape.input] = await cut(ort, cache[shape.input] as Tensor, shape, kept)
      seen.length = kept
      prompted = kept
    } catch (error) {
      drop()
      throw error
    }
    return kept
  }

  return {
    dispose: drop,

    async prompt(ids, turnEnds, pause) {
      const ends = pieceEnds(ids.length, turnEnds)
      const cachedTokens = await rewind(ids, ends)
      let logits: Tensor | undefined
      for (const end of ends) {
        if (end <= cachedTokens) continue
        await pause()
        logits = await run(ids.slice(seen.length, end), end === ids.length)
        prompted = end
      }
      return { scores: await scoresOf(logits), cachedTokens }
    },

    async next(id, pause) {
      await pause()
      return scoresOf(await run([id], true))
    },
  }
}

/** The first tokens of a cache's tensor. From the GPU it comes back, once: a later run takes it there again. */
async function cut(ort: OnnxRuntime, tensor: Tensor, { type, heads, width }: CacheInput, tokens: number) {
  const data = await tensor.getData()
  const before = data.length / heads
  const after = tokens * width
  const kept = data.slice(0, heads * after)
  for (let head = 0; head < heads; head++) {
    kept.set(data.subarray(head * before, head * before + after) as never, head * after)
  }
  tensor.dispose()
  return new ort.Tensor(type, kept, [1, heads, tokens, width])
}

function emptyOf(type: string): Float32Array | Uint16Array {
  return type === 'float16' ? new Uint16Array() : new Float32Array()
}
