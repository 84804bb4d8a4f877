/** A browser, and a server with all that the Transformers.js adapter needs. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Harness } from '../browser/harness.ts'
import { startHarness } from '../browser/harness.ts'
import type { ServerOptions } from '../browser/server.ts'
import { faultyFiles } from './faulty-files.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const files = path('../../../examples/tinymodel/files/')
const runtime = path('../../node_modules/onnxruntime-web/dist/')

export const PAGE = '/page.js'

/** What is spoiled, by the first part of a folder's name under `/faulty/`, such as "weights-html". */
const SPOILED = {
  weights: { root: files, file: /\.onnx$/ },
  tokenizer: { root: files, file: /\/tokenizer\.json$/ },
  config: { root: files, file: /\/config\.json$/ },
  generation: { root: files, file: /\/generation_config\.json$/ },
  runtime: { root: runtime, file: /\.wasm$/ },
  loader: { root: runtime, file: /\.mjs$/ },
}

export interface Options {
  flags?: string[]
  headers?: Record<string, string>
  routes?: ServerOptions['routes']
}

/** Serves the model under `/models/`, and it and ONNX Runtime spoiled in many ways under `/faulty/`. */
export async function startTransformersHarness({ flags = [], headers = {}, routes = {} }: Options = {}) {
  const mended = new Set<string>()
  let harness: Harness | undefined
  harness = await startHarness({
    flags,
    headers,
    bundles: {
      [PAGE]: path('pages/transformers-page.ts'),
      '/counting-worker.js': path('pages/counting-worker.ts'),
      '/worker.js': path('../../src/engines/transformers/worker.ts'),
      '/worker-module.js': path('../../src/engines/transformers/worker-module.ts'),
    },
    dirs: { '/models/': files, '/ort/': runtime, '/npm/': path('../../node_modules/') },
    routes: {
      ...routes,
      async '/faulty/'(request, response) {
        const [, , folder = '', ...path] = (request.url ?? '').split('/')
        const [spoiled = '', fault = ''] = folder.split('-')
        const { root, file } = SPOILED[spoiled as keyof typeof SPOILED]
        request.url = ['', 'faulty', mended.has(folder) ? 'none' : fault, ...path].join('/')
        await faultyFiles(root, file)['/faulty/']?.(request, response)
      },
      /** From now on the folder's files are whole. */
      '/mend/'(request, response) {
        mended.add((request.url ?? '').slice('/mend/'.length))
        response.end()
      },
      '/model-requests'(_, response) {
        response.end(String(harness?.server.requests.filter((one) => /^\/(models|faulty)\//.test(one)).length))
      },
    },
  })
  return harness
}

/** A file of the tiny model. */
export function tinyFile(name: string): Promise<Buffer> {
  return readFile(join(files, 'edgewise-tiny-v1', name))
}
