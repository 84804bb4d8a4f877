import type { Engine, EngineRequest, EngineSupport } from '../../src/engine/engine.ts'
import { type FakeAnswer, promptOf } from '../../src/testing/answer.ts'
import type { Subject } from '../../src/testing/conformance.ts'
import type { EngineFault } from '../../src/testing/engine-faults.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { testModel } from '../../src/testing/model.ts'

/** Twenty words, each once, by what was said before, and by the seed where one is drawn by. */
function answer(request: EngineRequest): FakeAnswer {
  const { messages, continueFinalMessage, responseFormat, toolChoice, temperature = 0, topP = 1, seed } = request
  if (responseFormat?.type === 'json_schema') return SCHEMA_ANSWER
  if (typeof toolChoice === 'object') {
    const { name } = toolChoice.function
    return { toolCalls: [{ id: 'call', type: 'function', function: { name, arguments: '{}' } }] }
  }
  const drawn = temperature > 0 && topP > 0.01 && seed ? `s${seed}` : ''
  const { length } = promptOf(continueFinalMessage ? messages.slice(0, -1) : messages).join('')
  return Array.from({ length: 20 }, (_, i) => `w${i}${'abc'.slice(i % 3)}${length}${drawn}`).join(' ')
}

const SCHEMA_ANSWER = '{"yes": true}'

/** Ids of models that go wrong, and how. */
const FAULTS: readonly EngineFault[] = [
  { does: 'fail', at: 'load', model: 'missing', code: 'model_not_found' },
  { does: 'fail', at: 'load', model: 'full', code: 'quota_exceeded', cause: new Error('QuotaExceededError') },
  { does: 'fail', at: 3, model: 'broken', code: 'generate_failed' },
]

export interface FakeSubjectOptions {
  supports?: Partial<EngineSupport>
  /** Whether it has a store. Defaults to true. */
  store?: boolean
  /** What is wrong with the engine. */
  wrap?: (engine: FakeEngine) => Engine
}

/** A fake engine as a subject with every hook, and whatever `wrap` makes of it. */
export function fakeSubject({ supports, store = true, wrap = (engine) => engine }: FakeSubjectOptions = {}): Subject {
  const engines: FakeEngine[] = []
  const sum = (of: (engine: FakeEngine) => number): number => engines.reduce((total, engine) => total + of(engine), 0)
  const model = testModel({ supports: { jsonSchema: true } })
  let offline = false
  return {
    create() {
      const engine = new FakeEngine({
        faults: [...FAULTS],
        store,
        supports: {
          ...{ jsonSchema: true, tools: true, images: true, continuation: true, prefixCache: true },
          ...supports,
        },
        obstacle: async () => undefined,
        answer,
      })
      engines.push(engine)
      const load = engine.load.bind(engine)
      engine.load = async (wanted, options) => {
        if (offline) engine.faults.push({ does: 'fail', at: 'load', code: 'download_failed', times: 1 })
        return load(wanted, options)
      }
      return wrap(engine)
    },
    model,
    request: {
      messages: [{ role: 'user', content: 'Say twenty words' }],
      maxTokens: 64,
      ...(supports?.temperature !== false && { temperature: 0 }),
    },
    generatedTokens: () => sum(({ generated }) => generated),
    resources: () => sum(({ resident }) => resident),
    downloads: () => sum(({ downloads }) => downloads),
    crash: () => engines.at(-1)?.die(),
    earlier: { ...model, source: { url: 'earlier' } },
    faults: [
      { name: 'missing', model: { ...model, id: 'missing' }, codes: ['model_not_found'] },
      { name: 'quota', model: { ...model, id: 'full' }, codes: ['quota_exceeded'], hasCause: true },
      {
        name: 'offline',
        model: { ...model, id: 'remote' },
        codes: ['download_failed'],
        begin: () => {
          offline = true
        },
        mend: () => {
          offline = false
        },
      },
      {
        name: 'too long',
        model: { ...model, id: 'narrow', contextWindow: 12 },
        request: { messages: [{ role: 'user', content: 'word '.repeat(20) }], maxTokens: 4 },
        codes: ['context_length_exceeded'],
      },
      {
        name: 'fails half-way',
        model: { ...model, id: 'broken' },
        request: { messages: [{ role: 'user', content: 'x' }], maxTokens: 9 },
        codes: ['generate_failed'],
      },
    ],
    patienceMs: 2000,
  }
}
