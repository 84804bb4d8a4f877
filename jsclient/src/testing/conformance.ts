/**
 * What every engine must do, as checks that run in Node and, bundled, in a page. Each check makes its own engine.
 * Authors of engines run them all: a check passes when its `run` resolves.
 */

import type { Engine, EngineEvent, EngineRequest, LoadedModel, LoadProgress } from '../engine/engine.ts'
import { isEngineError } from '../errors/engine-error.ts'
import { isEngineUnsupportedError } from '../errors/engine-unsupported-error.ts'
import type { ModelInfo } from '../wire.ts'

export interface Subject {
  create(): Engine
  model: ModelInfo
  /** A request whose greedy answer has at least 16 tokens. */
  request: EngineRequest
  /** Tokens that engines of this subject have generated so far, also after an abort. */
  generatedTokens(): number
}

export interface Check {
  name: string
  run(): Promise<void>
}

export function engineChecks(subject: Subject): Check[] {
  const { model, request } = subject
  const check = (name: string, run: (engine: Engine) => Promise<void>): Check => ({
    name,
    async run() {
      const engine = subject.create()
      try {
        await run(engine)
      } finally {
        await engine.dispose()
      }
    },
  })
  const withModel = (name: string, run: (loaded: LoadedModel, engine: Engine) => Promise<void>) =>
    check(name, async (engine) => run(await engine.load(model), engine))

  return [
    check('load reports progress that never falls and ends at 1', async (engine) => {
      const seen: LoadProgress[] = []
      const loaded = await engine.load(model, { onProgress: (progress) => seen.push(progress) })
      expect(loaded.model === model, 'the loaded model is the one that was asked for')
      expect(seen.at(-1)?.progress === 1, `the last progress is 1, not ${seen.at(-1)?.progress}`)
      seen.forEach((progress, i) => {
        const before = seen[i - 1]
        expect(!before || progress.progress >= before.progress, 'progress does not fall')
        expect(!before || (progress.loadedBytes ?? Infinity) >= (before.loadedBytes ?? 0), 'bytes do not fall')
        expect(progress.progress >= 0 && progress.progress <= 1, 'progress is between 0 and 1')
      })
    }),

    withModel('a greedy answer is whole, counted and repeatable', async (loaded) => {
      const first = await collect(loaded, request)
      const second = await collect(loaded, request)
      expect(first.text === second.text && first.text !== '', 'two greedy answers are equal')
      for (const answer of [first, second]) {
        expect(answer.done.finishReason === 'stop', `it ends with stop, not ${answer.done.finishReason}`)
        const { promptTokens, completionTokens } = answer.done.usage
        expect(promptTokens > 0, 'the prompt is counted')
        expect(completionTokens >= 16, `the answer has 16 tokens, not ${completionTokens}`)
        expect(answer.tokens === completionTokens, `deltas add up to ${completionTokens}, not ${answer.tokens}`)
      }
    }),

    withModel('maxTokens is honoured', async (loaded) => {
      const whole = await collect(loaded, request)
      const cut = await collect(loaded, { ...request, maxTokens: 4 })
      expect(cut.done.finishReason === 'length', `it ends with length, not ${cut.done.finishReason}`)
      expect(cut.done.usage.completionTokens === 4, `it has 4 tokens, not ${cut.done.usage.completionTokens}`)
      expect(whole.text.startsWith(cut.text), 'it is the beginning of the whole answer')
    }),

    withModel('a stop text ends the answer and is not part of it', async (loaded) => {
      const whole = await collect(loaded, request)
      const middle = Math.floor(whole.text.length / 2)
      const stop = whole.text.slice(middle, middle + 5)
      const cut = await collect(loaded, { ...request, stop: ['never there', stop] })
      expect(cut.text === whole.text.slice(0, whole.text.indexOf(stop)), 'it ends before the stop text')
      expect(cut.done.finishReason === 'stop', 'it ends with stop')
      expect(cut.tokens === cut.done.usage.completionTokens, 'deltas add up')
    }),

    withModel('the request is left as it was', async (loaded) => {
      const before = JSON.stringify(request)
      await collect(loaded, request)
      expect(JSON.stringify(request) === before, 'it is unchanged')
    }),

    withModel('an abort throws the reason and stops within five tokens', async (loaded) => {
      const controller = new AbortController()
      const reason = new Error('enough')
      let deltas = 0
      let after = 0
      let atAbort = 0
      const error = await rejection(async () => {
        for await (const event of loaded.generate(request, { signal: controller.signal })) {
          if (controller.signal.aborted) after++
          if (event.type === 'delta' && ++deltas === 3) {
            atAbort = subject.generatedTokens()
            controller.abort(reason)
          }
        }
      })
      expect(error === reason, 'it throws the very reason')
      expect(after === 0, 'nothing comes after the abort')
      const next = await collect(loaded, { ...request, maxTokens: 1 })
      const late = subject.generatedTokens() - atAbort - next.done.usage.completionTokens
      expect(late <= 5, `it stops within five tokens, not ${late}`)
    }),

    withModel('leaving the loop stops within five tokens', async (loaded) => {
      let atBreak = 0
      for await (const event of loaded.generate(request)) {
        expect(event.type === 'delta', 'text comes first')
        atBreak = subject.generatedTokens()
        // Time for an engine that does not wait for its caller to run ahead.
        for (let turns = 0; turns < 40; turns++) await new Promise((resolve) => setTimeout(resolve, 0))
        break
      }
      const next = await collect(loaded, { ...request, maxTokens: 1 })
      const late = subject.generatedTokens() - atBreak - next.done.usage.completionTokens
      expect(late <= 5, `it stops within five tokens, not ${late}`)
    }),

    withModel('an aborted signal starts nothing', async (loaded) => {
      const before = subject.generatedTokens()
      const signal = AbortSignal.abort(new Error('never'))
      const error = await rejection(() => collect(loaded, request, signal))
      expect(error === signal.reason, 'it throws the reason')
      await collect(loaded, { ...request, maxTokens: 1 })
      expect(subject.generatedTokens() - before === 1, 'only the next call generated')
    }),

    withModel(
      'overlapping calls run one after another, and one that is aborted in the queue never starts',
      async (loaded) => {
        const controller = new AbortController()
        const before = subject.generatedTokens()
        const first = collect(loaded, request)
        const second = rejection(() => collect(loaded, request, controller.signal))
        const third = collect(loaded, request)
        controller.abort(new Error('changed my mind'))
        expect((await second) === controller.signal.reason, 'the second throws its reason')
        const [a, c] = await Promise.all([first, third])
        expect(a.text === c.text, 'the first and the third are whole')
        const generated = subject.generatedTokens() - before
        const counted = a.done.usage.completionTokens + c.done.usage.completionTokens
        expect(generated === counted, `two answers are ${counted} tokens, and ${generated} were generated`)
      },
    ),

    withModel('what cannot be honoured is refused before anything is generated', async (loaded, engine) => {
      const before = subject.generatedTokens()
      const schema = { type: 'object' }
      const asks: [boolean, Partial<EngineRequest>][] = [
        [(engine.supports?.n ?? 1) > 1, { n: 2 }],
        [engine.supports?.logprobs ?? false, { logprobs: true }],
        [engine.supports?.tools ?? false, { tools: [{ type: 'function', function: { name: 'f' } }] }],
        [
          engine.supports?.jsonSchema ?? false,
          { responseFormat: { type: 'json_schema', json_schema: { name: 's', schema } } },
        ],
        [engine.supports?.continuation ?? false, { continueFinalMessage: true }],
        [
          engine.supports?.images ?? false,
          {
            messages: [
              { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,' } }] },
            ],
          },
        ],
      ]
      for (const [supported, ask] of asks) {
        if (supported) continue
        const error = await rejection(() => collect(loaded, { ...request, ...ask }))
        expect(isEngineUnsupportedError(error), `${Object.keys(ask)} is an EngineUnsupportedError, not ${error}`)
      }
      expect(subject.generatedTokens() === before, 'nothing was generated')
    }),

    check('an aborted load rejects with the reason, and the next one works', async (engine) => {
      const controller = new AbortController()
      const reason = new Error('too big')
      let calls = 0
      const error = await rejection(() =>
        engine.load(model, {
          signal: controller.signal,
          onProgress: () => {
            if (controller.signal.aborted) calls++
            controller.abort(reason)
          },
        }),
      )
      expect(error === reason, `it throws the very reason, not ${error}`)
      expect(calls === 0, 'no progress comes after the abort')
      await collect(await engine.load(model), { ...request, maxTokens: 1 })
      const never = await rejection(() => engine.load(model, { signal: AbortSignal.abort(reason) }))
      expect(never === reason, 'an aborted signal loads nothing')
    }),

    withModel('unload is idempotent, ends what runs, and is no loss', async (loaded) => {
      let lost = false
      void loaded.lost.then(() => {
        lost = true
      })
      const running = rejection(async () => {
        for await (const event of loaded.generate(request)) if (event.type === 'delta') await loaded.unload()
      })
      const error = await running
      expect(isEngineError(error) && error.code === 'not_loaded', `what runs fails with not_loaded, not ${error}`)
      await loaded.unload()
      const later = await rejection(() => collect(loaded, request))
      expect(isEngineError(later) && later.code === 'not_loaded', `so does what comes later, not ${later}`)
      expect(!lost, 'the model is not lost')
    }),

    check('dispose is idempotent and ends a load', async (engine) => {
      const error = await rejection(() => engine.load(model, { onProgress: () => void engine.dispose() }))
      expect(isEngineError(error) && error.stage === 'load', `the load fails with an EngineError, not ${error}`)
      await engine.dispose()
      await engine.dispose()
    }),
  ]
}

export interface Collected {
  text: string
  /** Sum over the deltas. */
  tokens: number
  deltas: number
  done: Extract<EngineEvent, { type: 'done' }>
}

/** Reads an answer to its end and checks its form. */
export async function collect(loaded: LoadedModel, request: EngineRequest, signal?: AbortSignal): Promise<Collected> {
  let text = ''
  let tokens = 0
  let deltas = 0
  let done: Collected['done'] | undefined
  for await (const event of loaded.generate(request, { signal })) {
    expect(!done, 'nothing comes after done')
    if (event.type === 'done') {
      done = event
    } else {
      text += event.text
      tokens += event.tokens
      deltas++
    }
  }
  if (!done) throw new Error('the answer has no done')
  return { text, tokens, deltas, done }
}

function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`expected that ${what}`)
}

async function rejection(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error('expected a rejection')
}
