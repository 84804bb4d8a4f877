/** RECIPES.md: the files that it copies, as an app has them, with the package as it is published. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type * as client from '../../src/index.ts'
import type * as testing from '../../src/testing/index.ts'
import { type Harness, startHarness } from '../browser/harness.ts'
import { startServer } from '../browser/server.ts'
import { rejection, until } from '../client/setup.ts'
import { serve } from '../client/wire-server.ts'
import { makeApp, PEERS } from './support/app.ts'

const at = (path: string) => resolve(import.meta.dirname, path)

let app: string
let published: typeof client & typeof testing
before(async () => {
  app = await makeApp('recipes', [...PEERS, 'next', 'openai', 'react', 'react-dom', 'zod'])
  const dist = join(app, 'node_modules/@edgewise/client/dist')
  const [core, kit] = await Promise.all(['index.js', 'testing.js'].map((name) => load<object>(join(dist, name))))
  published = { ...core, ...kit } as typeof published
})

/** A module of the app, which is no TypeScript. */
async function load<Module>(path: string): Promise<Module> {
  return import(pathToFileURL(resolve(app, path)).href)
}

/** A storage, and what is in it. */
function remembers() {
  const kept = new Map<string, string>()
  const storage: client.ClientStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }
  return { kept, storage }
}

/** A client as the app makes it: without a model of its own it answers on the server. */
function setup(t: TestContext, { answersHere = true } = {}) {
  const server = new published.FakeServer()
  const engines = answersHere ? [new published.FakeEngine()] : []
  const { baseURL, fetch } = server
  const client = new published.HybridInferenceClient({ baseURL, fetch, engines, storage: remembers().storage })
  t.after(() => client.dispose())
  return { server, client }
}

describe('who is signed in', () => {
  type Recipe = {
    makeClient(session: object, options: object): client.HybridInferenceClient
  }

  test('has a snapshot and credentials of their own, and takes them along', async (t) => {
    const { makeClient } = await load<Recipe>('src/recipes/identity.js')
    const server = new published.FakeServer()
    const { baseURL, fetch } = server
    let issued = 1
    const session: Record<string, unknown> = { token: ({ refresh }: { refresh: boolean }) => token(refresh) }
    const token = async (refresh: boolean) => {
      if (refresh) issued++
      return session.user && `t${issued}`
    }
    const { kept, storage } = remembers()
    const client = makeClient(session, { baseURL, fetch, engines: [new published.FakeEngine()], storage })
    t.after(() => client.dispose())
    const snapshots = () =>
      server.requests
        .filter(({ path }) => path === '/browser/policy')
        .map(({ headers }) => headers.get('authorization'))
    const subject = () => JSON.parse(kept.get('edgewise.policy') ?? '{}').subject

    session.user = { id: 'u-7' }
    await client.generate('Hi')
    await client.generate('Hi')
    assert.deepEqual([snapshots(), subject()], [['Bearer t1'], 'u-7'])
    session.user = undefined
    await client.generate('Hi')
    assert.deepEqual([snapshots(), subject()], [['Bearer t1', null], undefined])
    session.user = { id: 'u-8' }
    server.faults = [{ path: '/browser/policy', does: 'fail', status: 401, times: 1 }]
    await client.generate('Hi')
    assert.deepEqual([snapshots().slice(2), subject()], [['Bearer t1', 'Bearer t2'], 'u-8'])
  })
})

describe('the AI SDK', () => {
  type Recipe = { ask(client: unknown, prompt: string, show: (text: string) => void): Promise<string> }

  for (const [answersHere, source, text] of [
    [true, 'browser', 'Hello from here'],
    [false, 'server', 'Hello from afar'],
  ] as const) {
    test(`streams from the ${source}`, async (t) => {
      const { ask } = await load<Recipe>('src/recipes/ai.js')
      let shown = ''
      const { client } = setup(t, { answersHere })
      assert.equal(await ask(client, 'Hi', (piece) => (shown += piece)), source)
      assert.equal(shown, text)
    })
  }

  test('fails as the client does', async (t) => {
    const { ask } = await load<Recipe>('src/recipes/ai.js')
    const { client, server } = setup(t, { answersHere: false })
    server.faults = [{ path: '/chat/completions', does: 'fail', status: 400 }]
    const error = await rejection(ask(client, 'Hi', () => {}))
    assert.equal((error as Error).name, 'ServerError')
  })
})

describe('what goes to support', () => {
  type Recipe = {
    forSupport(client: unknown): Promise<string>
    howItWent(client: unknown): Promise<object>
  }

  test('tells how requests went, and not what they said', async (t) => {
    const { forSupport, howItWent } = await load<Recipe>('src/recipes/support.js')
    const { client } = setup(t)
    await client.generate('A secret')
    await client.generate('A secret', { force: 'server' })
    await rejection(client.generate('A secret', { signal: AbortSignal.abort() }))
    let waiting = 0
    await until(() => {
      void client.debug().then(({ reportsWaiting }) => (waiting = reportsWaiting))
      return waiting === 1
    })
    const text = await forSupport(client)
    assert.equal(JSON.parse(text).routes.length, 2)
    assert.ok(!/secret|Hello from/.test(text), text)
    assert.deepEqual(await howItWent(client), { answers: 2, here: 1, unreported: 1 })
  })
})

describe('in Chromium', { timeout: 240_000 }, () => {
  let harness: Harness
  before(async () => {
    const dist = join(app, 'node_modules/@edgewise/client/dist')
    harness = await startHarness({
      bundles: {
        '/client.js': join(dist, 'index.js'),
        '/openai.js': join(app, 'src/recipes/openai.js'),
        '/testing.js': join(dist, 'testing.js'),
      },
    })
  })
  after(() => harness.close())

  test("OpenAI's own client is answered on the device, and its stream is one", async () => {
    await using opened = await harness.open()
    const { pieces, asked } = await opened.page.evaluate(async (origin) => {
      const [{ HybridInferenceClient }, { FakeEngine, FakeServer }, { ask, makeOpenAI }] = await Promise.all(
        ['client', 'testing', 'openai'].map((name) => import(`${origin}/${name}.js`)),
      )
      const server = new FakeServer()
      const { baseURL, fetch } = server
      const client = new HybridInferenceClient({ baseURL, fetch, engines: [new FakeEngine()] })
      const pieces: string[] = []
      await ask(makeOpenAI(client), 'Hi', (text: string) => pieces.push(text))
      return { pieces: pieces.filter(Boolean), asked: server.bodies('/chat/completions').length }
    }, harness.server.origin)
    assert.deepEqual([pieces.join(''), asked], ['Hello from here', 0])
    assert.ok(pieces.length > 1)
    assert.deepEqual(opened.errors, [])
  })

  test("Next's component asks the server, and the device once its model is there", async () => {
    const next = join(app, 'node_modules/next/dist/bin/next')
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
    await promisify(execFile)(process.execPath, [next, 'build', join(app, 'next')], { env })
    const model = published.testModel({
      framework: 'onnx',
      source: { url: '/models/edgewise-tiny-v1/onnx/model_quantized.onnx' },
    })
    // Nobody waits for a model.
    const policies = published.testSnapshot().policies.filter(({ name }) => name !== 'readiness')
    const fake = new published.FakeServer({ models: [model], policies: [...policies, { name: 'readiness' }] })
    const server = await startServer({
      dirs: { '/models/': at('../../../examples/tinymodel/files'), '/': join(app, 'next/out/') },
      routes: { '/api/v1/': serve(fake as never) },
    })
    try {
      await using opened = await harness.open()
      const { page } = opened
      const answer = (text: string) => page.locator('output', { hasText: text }).waitFor()
      await page.goto(`${server.origin}/index.html`)
      // Once it is more than a picture.
      await until(() => fake.requests.length > 0)
      await page.getByRole('button', { name: 'Ask' }).click()
      await answer('Hello from afar')
      await page.getByRole('button', { name: 'Download the model' }).click()
      await page.locator('button:disabled').waitFor()
      await page.getByRole('button', { name: 'Ask' }).click()
      await answer('Paris')
      assert.deepEqual(opened.errors, [])
      assert.equal(fake.bodies('/chat/completions').length, 1)
    } finally {
      await server.close()
    }
  })
})
