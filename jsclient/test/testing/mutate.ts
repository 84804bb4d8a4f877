/** Ways to break an engine that was right. */
import type {
  Engine,
  EngineEvent,
  EngineRequest,
  EngineStore,
  GenerateOptions,
  LoadedModel,
  LoadProgress,
} from '../../src/engine/engine.ts'
import type { FakeEngine } from '../../src/testing/fake-engine.ts'

export type Events = AsyncIterable<EngineEvent>
export type Done = Extract<EngineEvent, { type: 'done' }>
export type Wrap = (engine: FakeEngine) => Engine

/** The engine with other members. */
export function engine(over: (right: FakeEngine) => Partial<Engine>): Wrap {
  return (right) => ({
    name: right.name,
    supports: right.supports,
    ...(right.store && { store: right.store }),
    obstacle: async () => undefined,
    status: right.status.bind(right),
    load: right.load.bind(right),
    dispose: right.dispose.bind(right),
    ...over(right),
  })
}

/** The engine whose store has other members. */
export function store(over: (right: EngineStore, engine: FakeEngine) => Partial<EngineStore>): Wrap {
  return engine((right) => {
    const { store } = right
    if (!store) throw new TypeError('there is no store to change')
    return { store: { ...store, ...over(store, right) } }
  })
}

/** The engine whose models have other members. */
export function loaded(over: (right: LoadedModel, engine: FakeEngine) => Partial<LoadedModel>): Wrap {
  return engine((right) => ({
    async load(model, options) {
      const inner = await right.load(model, options)
      return {
        model: inner.model,
        lost: inner.lost,
        generate: inner.generate.bind(inner),
        unload: inner.unload.bind(inner),
        ...over(inner, right),
      }
    },
  }))
}

/** The engine that says something else than it should. */
export function events(
  change: (right: Events, request: EngineRequest, options: GenerateOptions, engine: FakeEngine) => Events,
): Wrap {
  return loaded((right, engine) => ({
    generate: (request, options = {}) => change(right.generate(request, options), request, options, engine),
  }))
}

/** The engine whose deltas or ends are others. */
export function event(change: (event: EngineEvent, at: number) => EngineEvent): Wrap {
  return events(async function* (right) {
    let at = 0
    for await (const event of right) yield change(event, at++)
  })
}

/** The engine whose ends are others. */
export function end(change: (done: Done) => Done): Wrap {
  return event((event) => (event.type === 'done' ? change(event) : event))
}

/** The engine that answers another request than it was asked. */
export function request(change: (request: EngineRequest, engine: FakeEngine) => EngineRequest): Wrap {
  return loaded((right, engine) => ({
    generate: (request, options) => right.generate(change(request, engine), options),
  }))
}

/** The engine that reports other progress. */
export function progress(change: (progress: LoadProgress) => LoadProgress): Wrap {
  return engine((right) => ({
    load: (model, { onProgress, ...options } = {}) =>
      right.load(model, { ...options, onProgress: (report) => onProgress?.(change(report)) }),
  }))
}

/** Reads an answer to its end, whoever wants it. */
export async function drain(events: Events): Promise<EngineEvent[]> {
  const all: EngineEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

/** Says what was collected. */
export async function* replay(events: readonly EngineEvent[]): AsyncGenerator<EngineEvent, void, undefined> {
  yield* events
}
