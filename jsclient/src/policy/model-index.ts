import type { ModelInfo } from '../wire.ts'
import { FILTERS, type Filter, passes, type Query } from './filter.ts'
import { type IndexedModel, indexModel } from './model.ts'
import { isOnDevice, type KnownModel, UNKNOWN_MODEL } from './state.ts'

/** How many models at most ride along behind a candidate. */
const MAX_ALTERNATES = 3

/** The answer of the candidate choice. */
export interface Selection {
  /** The candidate; undefined when the filters left none. */
  readonly model: ModelInfo | undefined
  /** What the page knows of the candidate. */
  readonly state: KnownModel
  /** Next best models, best first, three at most. */
  readonly alternates: readonly ModelInfo[]
  /** The filter that removed the last model; undefined when some are left or there were none. */
  readonly emptied: Filter | undefined
}

/**
 * Models, best first: more parameters, then smaller; equals stay as they come, and the server lists them by id. Throws a
 * plain Error when a model is invalid or an id is used twice.
 */
export function indexModels(models: readonly ModelInfo[]): readonly IndexedModel[] {
  const ids = new Set<string>()
  for (const { id } of models) {
    if (ids.has(id)) throw new Error(`model ${JSON.stringify(id)}: id is used twice`)
    ids.add(id)
  }
  return models.map(indexModel).sort((a, b) => b.parameters - a.parameters || a.sizeBytes - b.sizeBytes)
}

/**
 * The best model that passes every filter, and the next best: by how soon and how fast it would answer; within that,
 * models whose capabilities name the task; within that the order of the index.
 */
export function select(index: readonly IndexedModel[], query: Query): Selection {
  const left: { model: ModelInfo; known: KnownModel; rank: number }[] = []
  let farthest = -1
  for (const model of index) {
    const known = knownOf(query, model)
    const count = passes(query, model, known)
    if (count === FILTERS.length) left.push({ model: model.info, known, rank: rank(query, model, known) })
    // The set empties at the filter that the longest-lived model reached.
    farthest = Math.max(farthest, count)
  }
  const [first, ...rest] = left.sort((a, b) => a.rank - b.rank)
  return {
    model: first?.model,
    state: first?.known ?? UNKNOWN_MODEL,
    alternates: rest.slice(0, MAX_ALTERNATES).map(({ model }) => model),
    emptied: FILTERS[farthest],
  }
}

/** How many filters each model passes. For traces. */
export function passed(index: readonly IndexedModel[], query: Query): number[] {
  return index.map((model) => passes(query, model, knownOf(query, model)))
}

function knownOf({ models }: Query, { info }: IndexedModel): KnownModel {
  return models.get(info.id) ?? UNKNOWN_MODEL
}

function rank({ task, limits }: Query, { capabilities }: IndexedModel, known: KnownModel): number {
  const place = placeOf(known, limits.fastTokensPerSecondMilli)
  return 2 * place + (capabilities.includes(task) ? 0 : 1)
}

/**
 * Loaded, then cached, then the same of models that are known to be slow, measured or else predicted; then those that
 * would be downloaded, the slow ones last. A speed that nobody knows is fast enough.
 */
function placeOf(known: KnownModel, fast: number): number {
  const speed = known.tokensPerSecondMilli || known.predictedTokensPerSecondMilli || fast
  const slow = speed < fast ? 1 : 0
  return isOnDevice(known) ? 2 * slow + (known.status === 'loaded' ? 0 : 1) : 4 + slow
}
