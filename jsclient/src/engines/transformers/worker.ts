/**
 * The worker for apps with a bundler. The app's worker file is one line, `import '@edgewise/client/transformers/worker'`,
 * and the bundler resolves the package that this module imports.
 */
import * as transformers from '@huggingface/transformers'
import { expose } from '../../engine/expose.ts'
import type { EnginePort } from '../../engine/protocol.ts'
import { createHost } from './host.ts'
import type { TransformersPeer } from './peer.ts'

expose(
  self as unknown as EnginePort,
  createHost(async () => transformers as unknown as TransformersPeer),
)
