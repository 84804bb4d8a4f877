/** RECIPES.md: the headers of a strict page, and of one with threads, with an app as Vite builds it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { build } from 'vite8'
import { FakeServer } from '../../src/testing/fake-server.ts'
import { testModel } from '../../src/testing/model.ts'
import { type Harness, startHarness } from '../browser/harness.ts'
import { type ServerOptions, startServer } from '../browser/server.ts'
import { serve } from '../client/wire-server.ts'
import { makeApp } from './support/app.ts'

const files = 'edgewise-tiny-v1'
const models = [
  testModel({ id: 'transformers', framework: 'transformers.js', source: { modelId: files, dtype: 'q8' } }),
  testModel({ id: 'onnx', framework: 'onnx', source: { url: `/models/${files}/onnx/model_quantized.onnx` } }),
  testModel({ id: 'wllama', framework: 'wllama', source: { url: `/models/${files}/${files}-q8_0.gguf` } }),
]

/** What one engine did on one page. */
interface Outcome {
  /** Who answered; "nobody", or that the page did not even start. */
  source: string
  isolated: boolean
  /** That were started, those within others too. */
  workers: number
  /** Directives that stopped something. */
  violated: string[]
}

interface Visit {
  /** Sent with all that the server answers. */
  headers?: Record<string, string>
  engine?: string
  page?: string
  routes?: ServerOptions['routes']
}

let app: string
let harness: Harness
before(async () => {
  app = await makeApp('recipes-headers')
  await build({ root: app, logLevel: 'error', build: { reportCompressedSize: false } })
  harness = await startHarness({ flags: ['--disable-gpu'] })
})
after(() => harness.close())

/** Opens the page under its headers and asks an engine. */
async function visit({ headers = {}, engine = 'onnx', page: path = 'index.html', routes }: Visit): Promise<Outcome> {
  const violated: string[] = []
  await using server = await serveApp({
    headers,
    dirs: path === 'index.html' ? { '/': join(app, 'dist/') } : { '/': join(app, '/') },
    routes: {
      ...routes,
      '/violations': async (request, response) => {
        let report = ''
        for await (const part of request) report += part
        violated.push(JSON.parse(report)['csp-report']['effective-directive'])
        response.writeHead(204).end()
      },
    },
  })
  await using context = await harness.browser.newContext()
  // What engines choose their threads by; a machine of two cores would get one thread.
  await context.addInitScript(() => Object.defineProperty(navigator, 'hardwareConcurrency', { value: 4 }))
  const page = await context.newPage()
  let workers = 0
  page.on('worker', () => workers++)
  const loaded = page.waitForEvent('load')
  await page.goto(`${server.origin}/${path}`)
  await loaded
  const { source, isolated } = await page.evaluate(async (model) => {
    const { ask } = globalThis as unknown as { ask?: (...args: unknown[]) => Promise<{ source: string }> }
    const asked = await ask?.(model, 'Hello!', { maxTokens: 4 }).catch(() => ({ source: 'nobody' }))
    return { source: asked?.source ?? 'not started', isolated: crossOriginIsolated }
  }, engine)
  return { source, isolated, workers, violated }
}

/** With models and the wire. */
async function serveApp({ dirs, routes, ...options }: ServerOptions) {
  const server = await startServer({
    ...options,
    dirs: { '/models/': resolve(import.meta.dirname, '../../../examples/tinymodel/files'), ...dirs },
    routes: { '/api/v1/': serve(new FakeServer({ models })), ...routes },
  })
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() })
}

/** The headers of a recipe. */
async function headersOf(recipe: string): Promise<Record<string, string>> {
  const text = await readFile(join(app, 'headers', recipe), 'utf8')
  const lines = text.split('\n').filter((line) => line && !line.startsWith('#'))
  return Object.fromEntries(lines.map((line) => line.split(': ', 2)))
}

describe('the policy for a page with several engines', { timeout: 180_000 }, () => {
  const NAME = 'Content-Security-Policy'
  let policy: string
  before(async () => {
    policy = (await headersOf('csp.txt'))[NAME] ?? ''
  })

  /** The page tells the server what it was not allowed. */
  const under = (given: string, more: Omit<Visit, 'headers'>) =>
    visit({ ...more, headers: { [NAME]: `${given}; report-uri /violations` } })

  for (const engine of ['transformers', 'onnx', 'wllama']) {
    test(`lets ${engine} answer, and stops nothing`, async () => {
      const { source, violated } = await under(policy, { engine })
      assert.deepEqual([source, violated], ['browser', []])
    })
  }

  for (const [directive, source, engine, instead] of [
    ['script-src', "'self'", 'onnx', 'not started'],
    ['script-src', "'wasm-unsafe-eval'", 'onnx', 'server'],
    ['script-src', 'blob:', 'transformers', 'server'],
    ['worker-src', "'self'", 'onnx', 'server'],
    ['worker-src', 'blob:', 'wllama', 'server'],
    ['connect-src', "'self'", 'onnx', 'nobody'],
  ] as const) {
    test(`needs ${directive} ${source} for ${engine}`, async () => {
      const less = without(policy, directive, source)
      const outcome = await under(less, { engine })
      assert.equal(outcome.source, instead)
    })
  }

  test('takes the hash of an import map, where there is one', async () => {
    const html = await readFile(join(app, 'plain.html'), 'utf8')
    const [, map = ''] = /<script type="importmap">(.*?)<\/script>/s.exec(html) ?? []
    const hash = `'sha256-${createHash('sha256').update(map).digest('base64')}'`
    const page = 'plain.html'
    assert.equal((await under(policy, { page })).source, 'not started')
    assert.equal((await under(policy.replace('script-src', `script-src ${hash}`), { page })).source, 'browser')
  })
})

describe('cross-origin isolation', { timeout: 120_000 }, () => {
  const EMBEDDER = 'Cross-Origin-Embedder-Policy'
  let headers: Record<string, string>
  before(async () => {
    headers = await headersOf('isolation.txt')
  })

  test('gives WebAssembly threads', async () => {
    const { workers, ...alone } = await visit({ engine: 'wllama' })
    const { workers: more, ...together } = await visit({ engine: 'wllama', headers })
    assert.deepEqual([alone.isolated, alone.source], [false, 'browser'])
    assert.deepEqual([together.isolated, together.source], [true, 'browser'])
    assert.ok(more > workers, `${more} workers, and ${workers} without it`)
  })

  for (const name of ['Cross-Origin-Opener-Policy', EMBEDDER]) {
    test(`needs ${name}`, async () => {
      const { [name]: _, ...rest } = headers
      assert.equal((await visit({ headers: rest })).isolated, false)
    })
  }

  test("must be sent with the workers' scripts too", async () => {
    const html = await readFile(join(app, 'dist/index.html'))
    const page: ServerOptions['routes'] = {
      '/index.html': (_, response) => {
        response.writeHead(200, { ...headers, 'content-type': 'text/html' }).end(html)
      },
    }
    const { isolated, source } = await visit({ routes: page })
    assert.deepEqual([isolated, source], [true, 'server'])
  })

  test('keeps images of other origins out, unless it is credentialless', async () => {
    const dot: ServerOptions['routes'] = {
      '/dot.svg': (_, response) => {
        const image = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
        response.writeHead(200, { 'content-type': 'image/svg+xml' }).end(image)
      },
    }
    await using elsewhere = await serveApp({ routes: dot })
    const shows = async (value: string) => {
      await using server = await serveApp({ headers: { ...headers, [EMBEDDER]: value } })
      await using context = await harness.browser.newContext()
      const page = await context.newPage()
      await page.goto(server.origin)
      return await page.evaluate(async (src) => {
        const image = Object.assign(new Image(), { src })
        const shown = await image.decode().then(
          () => true,
          () => false,
        )
        return [crossOriginIsolated, shown]
      }, `${elsewhere.origin}/dot.svg`)
    }
    assert.deepEqual(await shows(headers[EMBEDDER] ?? ''), [true, false])
    assert.deepEqual(await shows('credentialless'), [true, true])
  })
})

/** The policy with one source of a directive less. */
function without(policy: string, directive: string, source: string): string {
  const directives = policy.split('; ').map((one) => {
    const [name, ...sources] = one.split(' ')
    if (name !== directive) return one
    assert.ok(sources.includes(source), `${directive} ${source} is in the policy`)
    const left = sources.filter((other) => other !== source)
    return [name, ...(left.length > 0 ? left : ["'none'"])].join(' ')
  })
  return directives.join('; ')
}
