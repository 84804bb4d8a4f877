/** Chromium with the wllama adapter, the package and the tiny model, for the tests of the adapter. */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { limitStorage } from '../browser/faults.ts'
import type { Harness, HarnessOptions, TestPage } from '../browser/harness.ts'
import { startHarness } from '../browser/harness.ts'
import { faultyFiles } from './faulty-files.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const files = path('../../../examples/tinymodel/files/')

/** Files are spoiled under `/spoiled/`, as `spoil` of the page says. */
export async function startWllamaHarness(options: HarnessOptions = {}): Promise<Harness> {
  let fault = 'none'
  const faulty = faultyFiles(files, /\.gguf$/)
  const harness = await startHarness({
    ...options,
    bundles: { ...options.bundles, '/page.js': path('pages/wllama-page.ts'), '/peer.js': path('pages/wllama-peer.ts') },
    dirs: { '/models/': files, '/npm/': path('../../node_modules/') },
    routes: {
      ...options.routes,
      '/spoiled/': (request, response) => {
        request.url = request.url?.replace('/spoiled/', `/faulty/${fault}/`) ?? ''
        return faulty['/faulty/']?.(request, response)
      },
    },
  })
  return {
    ...harness,
    async open() {
      const opened = await harness.open()
      await giveHooks(opened, harness, (name) => {
        fault = name
      })
      return opened
    },
  }
}

/** What a page can't do itself. */
async function giveHooks(opened: TestPage, { server }: Harness, setFault: (name: string) => void): Promise<void> {
  const { page } = opened
  const hooks = {
    countDownloads: () => server.requests.filter((request) => /\.gguf/.test(request)).length,
    spoil: setFault,
    limitStorage: (bytes: number) => limitStorage(opened, bytes),
    closeWorker: () => page.workers()[0]?.evaluate(() => self.close()),
  }
  for (const [name, hook] of Object.entries(hooks)) await page.exposeFunction(name, hook)
}

/** Waits until the workers that were terminated are gone, and no more are left than so many. */
export async function leaves({ page }: TestPage, count: number): Promise<void> {
  while (page.workers().length > count) {
    await Promise.race(page.workers().map((worker) => worker.waitForEvent('close')))
  }
  assert.equal(page.workers().length, count)
}
