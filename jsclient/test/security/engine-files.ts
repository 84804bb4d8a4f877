/** What pages with every engine need of a server: workers, runtimes, and models, one of them made for the occasion. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HarnessOptions } from '../browser/harness.ts'
import { writeModel } from '../engines/webllm-files.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

export interface EngineFiles extends AsyncDisposable, Required<Pick<HarnessOptions, 'bundles' | 'dirs'>> {}

export async function makeEngineFiles(): Promise<EngineFiles> {
  const mlc = await mkdtemp(join(tmpdir(), 'edgewise-engines-'))
  await writeModel(mlc)
  return {
    bundles: {
      '/transformers-worker.js': path('../../src/engines/transformers/worker.ts'),
      '/onnx-worker.js': path('../../src/engines/onnx/worker.ts'),
      '/webllm-worker.js': path('../engines/pages/webllm-scripted-worker.ts'),
    },
    dirs: {
      '/mlc/': `${mlc}/`,
      '/models/': path('../../../examples/tinymodel/files/'),
      '/ort/': path('../../node_modules/onnxruntime-web/dist/'),
      '/wllama/': path('../../node_modules/@wllama/wllama/esm/'),
    },
    [Symbol.asyncDispose]: () => rm(mlc, { recursive: true }),
  }
}
