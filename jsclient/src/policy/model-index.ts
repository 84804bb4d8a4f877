import type { ModelInfo, ModelStatus } from '../wire.ts'
import { FILTERS, type Filter, type Limits, type Query, rejects } from './filter.ts'
import { type IndexedModel, indexModel } from './model.ts'
import { compareText } from './numbers.ts'
import { isOnDevice, type KnownModel, UNKNOWN_MODEL } from './state.ts'

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

/** A model on the shortlist. `rank` puts its status before its match with the task; lower is better. */
interface Choice {
  readonly model: IndexedModel
  readonly status: ModelStatus | undefined
  readonly rank: number
  readonly place: number
}

/**
 * An immutable view of a list of models, ordered once, so that no request sorts anything. The constructor throws a
 * plain Error when a model is invalid or an id is used twice.
 */
export class ModelIndex {
  readonly #models: readonly IndexedModel[]
  readonly #places = new Map<string, number>()
  readonly #byTask = new Map<string, number[]>()
  readonly #limits: Limits

  constructor(models: readonly ModelInfo[], limits: Limits) {
    this.#limits = limits
    this.#models = models
      .map(indexModel)
      .sort(
        (a, b) =>
          b.parameters - a.parameters ||
          (a.info.sizeBytes ?? 0) - (b.info.sizeBytes ?? 0) ||
          compareText(a.info.id, b.info.id),
      )
    for (const [place, { info }] of this.#models.entries()) {
      if (this.#places.has(info.id)) throw new Error(`model ${JSON.stringify(info.id)}: id is used twice`)
      this.#places.set(info.id, place)
      for (const task of new Set(info.capabilities ?? [])) {
        const places = this.#byTask.get(task)
        if (places) places.push(place)
        else this.#byTask.set(task, [place])
      }
    }
  }

  /**
   * The best model that passes every filter, and the next best: loaded, then cached, then the rest; within that, models
   * whose capabilities name the task; within that more parameters, then smaller.
   */
  select(query: Query): Selection {
    const best: Choice[] = []
    const task = this.#byTask.get(query.task) ?? []
    let emptied = 0
    const consider = (place: number, matches: boolean): void => {
      const model = this.#models[place] as IndexedModel
      const known = stateOf(model, query)
      const filter = rejects(model, known, query, this.#limits)
      // The set empties at the filter that the longest-lived model reached.
      if (filter > 0) emptied = Math.max(emptied, filter)
      else insert(best, { model, status: known.status, rank: rankOf(known, matches), place })
    }

    // Models on the device come first wherever they stand, so they are looked up; only then are the others walked, best
    // first, until the list is full.
    for (const [id, known] of query.models) {
      const place = this.#places.get(id)
      if (place !== undefined && isOnDevice(known)) consider(place, task.includes(place))
    }
    const walk = (place: number, matches: boolean): boolean => {
      if (best.length > MAX_ALTERNATES) return false
      if (!isOnDevice(stateOf(this.#models[place] as IndexedModel, query))) consider(place, matches)
      return true
    }
    for (const place of task) if (!walk(place, true)) break
    const matching = new Set(task)
    for (let place = 0; place < this.#models.length; place++) {
      if (!matching.has(place) && !walk(place, false)) break
    }

    const [first, ...rest] = best
    return {
      model: first?.model.info,
      status: first?.status,
      alternates: rest.map(({ model }) => model.info),
      emptied: first ? undefined : FILTERS[emptied - 1],
    }
  }

  /** How many models are left after each filter; the first number counts all of them. For traces: it asks every model. */
  remaining(query: Query): number[] {
    const left = new Array<number>(FILTERS.length + 1).fill(0)
    for (const model of this.#models) {
      const filter = rejects(model, stateOf(model, query), query, this.#limits) || left.length
      for (let passed = 0; passed < filter; passed++) left[passed] = (left[passed] ?? 0) + 1
    }
    return left
  }
}

function stateOf(model: IndexedModel, query: Query): KnownModel {
  return query.models.get(model.info.id) ?? UNKNOWN_MODEL
}

function rankOf({ status }: KnownModel, matches: boolean): number {
  return (status === 'loaded' ? 0 : status === 'cached' ? 2 : 4) + (matches ? 0 : 1)
}

/** Keeps the best few choices in order. */
function insert(best: Choice[], choice: Choice): void {
  let at = best.length
  while (at > 0 && comesBefore(choice, best[at - 1] as Choice)) at--
  best.splice(at, 0, choice)
  best.length = Math.min(best.length, 1 + MAX_ALTERNATES)
}

function comesBefore(a: Choice, b: Choice): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.place < b.place)
}
