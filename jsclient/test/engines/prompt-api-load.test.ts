/** What the engine learns of the browser's model, and how it loads it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deferred } from '../../src/engine/abort.ts'
import type { LoadProgress } from '../../src/engine/engine.ts'
import { promptAPI } from '../../src/engines/prompt-api/index.ts'
import { loaded, model, setup, withGlobal } from './prompt-api-fixture.ts'
import { turn } from './prompt-api-session.ts'

describe('prompt-api looks at the browser', () => {
  test('without the API, as in a worker, it is unavailable', async () => {
    const engine = promptAPI()
    assert.equal(await engine.obstacle?.(), 'unavailable')
    assert.equal(await engine.status(model), 'absent')
    assert.equal(engine.supports?.temperature, false)
    await assert.rejects(engine.load(model), { name: 'ModelLoadError', code: 'unavailable', stage: 'load' })
  })

  test('an insecure origin is told apart', async (t) => {
    withGlobal(t, 'isSecureContext', false)
    assert.equal(await promptAPI().obstacle?.(), 'insecure_context')
  })

  const states = [
    ['available', undefined, 'cached'],
    ['downloadable', undefined, 'absent'],
    ['downloading', undefined, 'absent'],
    ['unavailable', 'unavailable', 'absent'],
  ] as const
  for (const [availability, obstacle, status] of states) {
    test(`${availability}: the model is ${status}, the obstacle ${obstacle}`, async (t) => {
      const { engine } = setup(t, { availability })
      assert.equal(await engine.obstacle?.(), obstacle)
      assert.equal(await engine.status(model), status)
    })
  }

  test('a browser that cannot be asked has no model', async (t) => {
    const { browser, engine } = setup(t)
    Object.assign(browser.LanguageModel, { availability: () => Promise.reject(new Error('no')) })
    assert.equal(await engine.obstacle?.(), 'unavailable')
    assert.equal(await engine.status(model), 'absent')
  })

  test('prompts are not known to stay here unless the app says so', () => {
    assert.equal(promptAPI().onDevice, false)
    assert.equal(promptAPI({ onDevice: true }).onDevice, true)
  })

  test('a language or a modality that the browser lacks is an obstacle', async (t) => {
    assert.equal(await setup(t, {}, { languages: ['fi'] }).engine.obstacle?.(), 'unavailable')
    assert.equal(await setup(t, {}, { images: true }).engine.obstacle?.(), 'unavailable')
    const { engine } = setup(t, { images: true }, { languages: ['en-GB'], images: true })
    assert.equal(await engine.obstacle?.(), undefined)
    assert.equal(engine.supports?.images, true)
  })
})

describe('prompt-api loads', () => {
  test('a download has shares, no bytes, and an end that is hidden', async (t) => {
    const { browser, engine } = setup(t, { availability: 'downloadable' })
    browser.activated = true
    t.mock.method(
      performance,
      'now',
      (now = 0) =>
        () =>
          (now += 100),
    ) // Nothing is left out as too frequent.
    let now = 0
    t.mock.method(performance, 'now', () => (now += 100))
    const seen: LoadProgress[] = []
    await engine.load(model, { onProgress: (progress) => seen.push(progress) })
    assert.deepEqual(seen, [
      { progress: 0, stage: 'download' },
      { progress: 0.25, stage: 'download' },
      { progress: 0.5, stage: 'download' },
      { progress: 0.75, stage: 'download' },
      { progress: 0.999, stage: 'load' },
      { progress: 1, stage: 'load' },
    ])
    assert.equal(await engine.status(model), 'cached')
  })

  test('the base session asks what availability asked', async (t) => {
    const { browser } = await loaded(t, { images: true }, { images: true, languages: ['en', 'ja'] })
    const { expectedInputs, expectedOutputs, initialPrompts, samplingMode } = browser.created[0] ?? {}
    const text = { type: 'text', languages: ['en', 'ja'] }
    assert.deepEqual(expectedInputs, [text, { type: 'image' }])
    assert.deepEqual(expectedOutputs, [text])
    assert.deepEqual([initialPrompts, samplingMode], [undefined, undefined])
    assert.equal(browser.live.size, 1)
  })

  test('without a click it says what to do', async (t) => {
    const { engine } = setup(t, { availability: 'downloadable' })
    await assert.rejects(engine.load(model), { code: 'activation_required', message: /when the user clicks/ })
  })

  test('a dispose in its last report leaves nothing behind', async (t) => {
    const { browser, engine } = setup(t)
    const onProgress = ({ progress }: LoadProgress) => {
      if (progress === 1) void engine.dispose()
    }
    await assert.rejects(engine.load(model, { onProgress }), { code: 'not_loaded', stage: 'load' })
    assert.equal(browser.live.size, 0)
  })

  for (const silent of ['availability', 'params'] as const) {
    test(`an abort is heard while the browser does not answer ${silent}`, async (t) => {
      const { browser, engine } = setup(t, { sampling: 'raw' })
      const asked = deferred<void>()
      const hang = () => {
        asked.resolve()
        return new Promise<never>(() => {})
      }
      Object.assign(browser.LanguageModel, { [silent]: hang })
      const reason = new Error('never mind')
      const controller = new AbortController()
      const loading = assert.rejects(engine.load(model, { signal: controller.signal }), (error) => error === reason)
      await asked.promise
      controller.abort(reason)
      await loading
    })
  }

  test('a session that comes after the abort is destroyed', async (t) => {
    const { browser, engine } = setup(t)
    const { create } = browser.LanguageModel
    let creating: Promise<unknown> | undefined
    // A browser that does not listen to its signal.
    const deaf: typeof create = ({ signal: _, ...options } = {}) => {
      const made = create(options as LanguageModelCreateOptions)
      creating = made
      return made
    }
    Object.assign(browser.LanguageModel, { create: deaf })
    const reason = new Error('never mind')
    const controller = new AbortController()
    const loading = engine.load(model, { signal: controller.signal, onProgress: () => controller.abort(reason) })
    await assert.rejects(loading, (error) => error === reason)
    await creating
    await turn()
    assert.equal(browser.live.size, 0)
  })
})
