/** A page whose models may take it down. */
import { EngineManager } from '../../../src/engine/manager.ts'
import { FakeEngine } from '../../../src/testing/fake-engine.ts'
import { testModel } from '../../../src/testing/model.ts'

const MODELS = ['tiny', 'other'].map((id) => testModel({ id }))
const FOREVER = 2 ** 30

function modelOf(id: string) {
  return testModel({ id })
}

function managerOf(engine: FakeEngine): EngineManager {
  return new EngineManager({ engines: [engine], health: { storage: localStorage } })
}

/** Begins to load a model, which takes for ever: from disk, or from the network. Resolves when the load has begun. */
export async function startLoad(id: string, stage: 'load' | 'download'): Promise<void> {
  const manager = managerOf(new FakeEngine({ loadMs: FOREVER, cached: stage === 'load' ? [id] : [] }))
  await manager.survey(MODELS)
  const { promise, resolve } = Promise.withResolvers<void>()
  void manager.load(modelOf(id), { onProgress: () => resolve() })
  await promise
}

/** Loads a model and begins an answer that stays out. Resolves when the engine has begun with it. */
export async function startAnswer(id: string): Promise<void> {
  const engine = new FakeEngine({ tokenMs: FOREVER })
  const manager = managerOf(engine)
  const { promise, resolve } = Promise.withResolvers<void>()
  engine.answer = () => {
    resolve()
    return 'Hello'
  }
  void manager.generate(modelOf(id), { messages: [{ role: 'user', content: 'Hi' }], maxTokens: 4 }).next()
  await promise
}

/** Lets a model answer in full. */
export async function answer(id: string): Promise<void> {
  const manager = managerOf(new FakeEngine())
  for await (const _ of manager.generate(modelOf(id), { messages: [{ role: 'user', content: 'Hi' }], maxTokens: 4 }));
}

/** The failures that a policy of this page would hear of. */
export async function failures(): Promise<Record<string, number>> {
  const manager = managerOf(new FakeEngine())
  await manager.survey(MODELS)
  return Object.fromEntries(Object.entries(manager.states()).map(([id, state]) => [id, state.failures ?? 0]))
}

/** The models that are marked now. */
export function marked(): string[] {
  const { markers = [] } = JSON.parse(localStorage.getItem('edgewise.health') ?? '{}') as {
    markers?: { model: string }[]
  }
  return markers.map(({ model }) => model)
}
