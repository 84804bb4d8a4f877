/** React's StrictMode, which mounts every component, unmounts it and mounts it again. */
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { FakeServer } from '../../src/testing/fake-server.ts'
import { testModel } from '../../src/testing/model.ts'
import { type Harness, startHarness } from '../browser/harness.ts'
import { serve } from '../client/wire-server.ts'

const PAGE = '/page.js'
const at = (path: string) => resolve(import.meta.dirname, path)

const model = testModel({
  framework: 'transformers.js',
  source: { modelId: 'edgewise-tiny-v1', dtype: 'q8', device: 'wasm' },
})

interface Outcome {
  clients: number
  workers: number
  effects: number
  offers: number
  source: string
  text: string
}

describe('a React app', { timeout: 120_000 }, () => {
  let harness: Harness
  const asked: string[] = []
  before(async () => {
    harness = await startHarness({
      bundles: { [PAGE]: at('pages/strict-mode.js'), '/worker.js': at('../../src/engines/transformers/worker.ts') },
      dirs: {
        '/models/': at('../../../examples/tinymodel/files'),
        '/ort/': at('../../node_modules/onnxruntime-web/dist'),
      },
      tap: (server) =>
        server.on('request', ({ method, url, headers }) => {
          asked.push(`${method} ${url} ${headers.range ?? 'whole'}`)
        }),
      routes: { '/api/v1/': serve(new FakeServer({ models: [model] })) },
    })
  })
  after(() => harness.close())

  /** What the app says, and the files that it asked for. */
  async function run(how: { strict: boolean; keeps: boolean }): Promise<{ outcome: Outcome; files: string[] }> {
    await using opened = await harness.open()
    asked.length = 0
    const outcome = await opened.call<Outcome>(PAGE, 'run', { ...how, prompt: 'What is the capital of France?' })
    assert.deepEqual(opened.errors, [])
    return { outcome, files: asked.filter((one) => / \/(models|ort|worker)/.test(one)).sort() }
  }

  for (const [name, keeps] of [
    ['keeps its client', true],
    ['makes a client each time it is mounted', false],
  ] as const) {
    test(`in StrictMode that ${name} has one worker, one offer and one download`, async () => {
      const plain = await run({ strict: false, keeps })
      const { outcome, files } = await run({ strict: true, keeps })
      assert.deepEqual(plain.outcome, { ...outcome, clients: 1, effects: 1 })
      const { clients, effects, workers, offers, source } = outcome
      assert.deepEqual(
        { clients, effects, workers, offers, source },
        {
          clients: 2,
          effects: 2,
          workers: 1,
          offers: 1,
          source: 'browser',
        },
      )
      assert.deepEqual(files, plain.files)
      // The package asks for a byte of a file to learn its size.
      assert.equal(files.filter((one) => /^GET .*\.onnx whole$/.test(one)).length, 1)
    })
  }
})
