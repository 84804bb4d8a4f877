/** Keeps the key-value cache of the last prompt for the one that goes on from it. */
import { extendsIds } from '../decoding/turns.ts'
import type { KeyValues, KeyValueTensor, TransformersPeer } from './peer.ts'

export interface PrefixCache {
  /**
   * The cache to compute a prompt with: filled when the prompt goes on from the kept one, else empty, and what was kept
   * is freed. Whenever it has come to one of the lengths `ends`, its state of that moment is kept.
   */
  start(ids: readonly bigint[], ends: readonly number[]): Run
  /** Frees what is kept. */
  clear(): Promise<void>
}

export interface Run {
  readonly keyValues: KeyValues
  /** Tokens of the prompt that need not be computed. */
  readonly cachedTokens: number
  /** Frees all that is not kept. */
  end(): Promise<void>
}

type Tensors = ReadonlyMap<string, KeyValueTensor>

interface Kept {
  ids: readonly bigint[]
  tensors: Tensors
}

const NOTHING: Kept = { ids: [], tensors: new Map() }

export function createPrefixCache({ DynamicCache }: Pick<TransformersPeer, 'DynamicCache'>): PrefixCache {
  let kept = NOTHING

  const keep = async (next: Kept) => {
    const before = kept
    kept = next
    await free(before.tensors, next.tensors)
  }

  return {
    clear: () => keep(NOTHING),

    start(ids, ends) {
      if (!extendsIds(ids, kept.ids)) void keep(NOTHING)

      /** The package's own frees each tensor that it replaces. This one spares those that are kept. */
      class KeepingCache extends DynamicCache {
        override update(entries: Record<string, KeyValueTensor>): void {
          const before = tensorsOf(this)
          Object.assign(this, entries)
          const after = tensorsOf(this)
          void free(before, after, kept.tensors)
          const length = this.get_seq_length()
          if (length > kept.ids.length && ends.includes(length)) {
            void keep({ ids: ids.slice(0, length), tensors: after })
          }
        }
      }

      const keyValues = new KeepingCache(Object.fromEntries(kept.tensors))
      return {
        keyValues,
        cachedTokens: kept.ids.length,
        end: () => free(tensorsOf(keyValues), kept.tensors),
      }
    },
  }
}

function tensorsOf(keyValues: KeyValues): Tensors {
  return new Map(Object.entries(keyValues as object))
}

/** Only what lies on the GPU needs to be freed; the rest is the garbage collector's. */
async function free(tensors: Tensors, ...spared: Tensors[]): Promise<void> {
  const spare = new Set(spared.flatMap((some) => [...some.values()]))
  const gone = [...tensors.values()].filter((tensor) => tensor.location === 'gpu-buffer' && !spare.has(tensor))
  await Promise.all(gone.map((tensor) => tensor.dispose()))
}
