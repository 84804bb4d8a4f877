import type { ModelInfo, ModelStatus } from '../wire.ts'
import { type Choice, FILTERS, type Filter, passes, type Query } from './filter.ts'
import { type IndexedModel, indexModel } from './model.ts'
import { UNKNOWN_MODEL } from './state.ts'

/** How many models at most ride along behind a candidate. */
export const MAX_ALTERNATES = 3

/** The answer of the candidate choice. */
export interface Selection {
  /** The candidate; undefined when the filters left none. */
  readonly model: ModelInfo | undefined
  /** Where the page said the candidate is; undefined = unknown. */
  readonly status: ModelStatus | undefined
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
  const size = ({ info }: IndexedModel): number => info.sizeBytes ?? 0
  return models.map(indexModel).sort((a, b) => b.parameters - a.parameters || size(a) - size(b))
}

/**
 * The best model that passes every filter, and the next best: loaded, then cached, then the rest; within that, models
 * whose capabilities name the task; within that the order of the index.
 */
export function select(index: readonly IndexedModel[], query: Query): Selection {
  const rank = ({ model, known }: Choice): number => {
    const place = known.status === 'loaded' ? 0 : known.status === 'cached' ? 2 : 4
    return model.info.capabilities?.includes(query.task) ? place : place + 1
  }
  const left: (Choice & { rank: number })[] = []
  let farthest = -1
  for (const model of index) {
    const choice = choiceOf(model, query)
    const count = passes(choice, query)
    if (count === FILTERS.length) left.push({ ...choice, rank: rank(choice) })
    // The set empties at the filter that the longest-lived model reached.
    farthest = Math.max(farthest, count)
  }
  const [first, ...rest] = left.sort((a, b) => a.rank - b.rank)
  return {
    model: first?.model.info,
    status: first?.known.status,
    alternates: rest.slice(0, MAX_ALTERNATES).map(({ model }) => model.info),
    emptied: FILTERS[farthest],
  }
}

/** How many filters each model passes. For traces. */
export function passed(index: readonly IndexedModel[], query: Query): number[] {
  return index.map((model) => passes(choiceOf(model, query), query))
}

function choiceOf(model: IndexedModel, query: Query): Choice {
  const known = query.models.get(model.info.id) ?? UNKNOWN_MODEL
  return { model, known, onDevice: known.status === 'cached' || known.status === 'loaded' }
}
