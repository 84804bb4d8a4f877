/** Chromium, and a server of the tiny model under any folder, which counts what it sends and can stop half-way. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Deferred } from '../../src/engine/abort.ts'
import { deferred } from '../../src/engine/abort.ts'
import type { Harness } from '../browser/harness.ts'
import { startHarness } from '../browser/harness.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const files = path('../../../examples/tinymodel/files/edgewise-tiny-v1/')

export interface StoreHarness extends Harness {
  /** Bytes of bodies sent so far, by path; taken and set to none. */
  takeSent(): Record<string, number>
  /** From now on half of the next graph is sent; resolves when it is, and its connection then stays open. */
  holdGraph(): Promise<void>
}

export async function startStoreHarness(): Promise<StoreHarness> {
  let sent: Record<string, number> = {}
  let held: Deferred<void> | undefined
  const harness = await startHarness({
    bundles: {
      '/page.js': path('pages/store-page.ts'),
      '/transformers-worker.js': path('../../src/engines/transformers/worker.ts'),
      '/onnx-worker.js': path('../../src/engines/onnx/worker.ts'),
    },
    dirs: { '/ort/': path('../../node_modules/onnxruntime-web/dist/') },
    routes: {
      /** `/files/{folder}/{path}`; its graph has any name. */
      async '/files/'({ method, url = '', headers }, response) {
        const [, folder, name = ''] = /^\/files\/([^/]+)\/([^?]+)/.exec(url) ?? []
        const isGraph = name.endsWith('.onnx')
        const file = isGraph ? 'onnx/model_quantized.onnx' : name
        const bytes = await readFile(files + file).catch(() => undefined)
        if (!bytes || folder === 'nowhere') return void response.writeHead(404).end()
        if (headers.range) {
          // Transformers.js asks so whether there is a file.
          response.writeHead(206, { 'content-range': `bytes 0-0/${bytes.length}` })
          return void response.end(bytes.subarray(0, 1))
        }
        response.setHeader('content-length', bytes.length)
        if (method === 'HEAD') return void response.end()
        if (isGraph && held) {
          const half = bytes.subarray(0, bytes.length / 2)
          response.write(half, held.resolve as () => void)
          held = undefined
          return void (await once(response, 'close'))
        }
        sent[url] = (sent[url] ?? 0) + bytes.length
        response.end(bytes)
      },
    },
  })
  return {
    ...harness,
    takeSent() {
      const taken = sent
      sent = {}
      return taken
    },
    holdGraph() {
      held = deferred<void>()
      return held.promise
    },
  }
}

/** A file of the tiny model. */
export const tinyFile = (name: string): Promise<Buffer> => readFile(files + name)
