/** Chromium with the ONNX adapter's pages, the packages and the tiny model. */
import { fileURLToPath } from 'node:url'
import { limitStorage } from '../browser/faults.ts'
import type { Harness, HarnessOptions, TestPage } from '../browser/harness.ts'
import { startHarness } from '../browser/harness.ts'
import { faultyFiles } from './faulty-files.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const files = path('../../../examples/tinymodel/files/')

export interface OnnxHarness extends Harness {
  /** Paths of the models' files that were asked for. */
  downloads(): string[]
}

export async function startOnnxHarness(options: HarnessOptions = {}): Promise<OnnxHarness> {
  let spoiled = false
  const harness = await startHarness({
    ...options,
    bundles: {
      '/page.js': path('pages/onnx-page.ts'),
      '/counting-worker.js': path('pages/onnx-counting-worker.ts'),
      '/worker.js': path('../../src/engines/onnx/worker.ts'),
      '/worker-module.js': path('../../src/engines/onnx/worker-module.ts'),
    },
    dirs: {
      '/models/': files,
      '/ort/': path('../../node_modules/onnxruntime-web/dist/'),
      '/npm/': path('../../node_modules/'),
    },
    routes: {
      ...options.routes,
      ...faultyFiles(files, /\.onnx$/),
      // `/spoiled/{fault}/{path}`: what has a fault only while the page wishes.
      '/spoiled/'({ url = '' }, response) {
        response.writeHead(302, { location: url.replace(/^\/spoiled\/(\w+)/, spoiled ? '/faulty/$1' : '/faulty/none') })
        response.end()
      },
    },
  })
  const downloads = () => harness.server.requests.filter((request) => /^\/(models|spoiled)\//.test(request))
  const open = async (): Promise<TestPage> => {
    const opened = await harness.open()
    const { page } = opened
    await page.exposeFunction('countDownloads', () => downloads().length)
    await page.exposeFunction('spoil', (wished: boolean) => {
      spoiled = wished
    })
    await page.exposeFunction('limitStorage', (bytes?: number) => limitStorage(opened, bytes))
    return opened
  }
  return { ...harness, open, downloads }
}
