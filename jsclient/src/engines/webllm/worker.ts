/**
 * The worker for apps with a bundler. The app's worker file is one line, `import '@edgewise/client/webllm/worker'`, and
 * the bundler resolves the package that this module imports.
 */
import * as webllm from '@mlc-ai/web-llm'
import { expose } from '../../engine/expose.ts'
import type { EnginePort } from '../../engine/protocol.ts'
import { createHost } from './host.ts'
import type { WebLLMPeer } from './peer.ts'

expose(
  self as unknown as EnginePort,
  createHost(async () => webllm as unknown as WebLLMPeer),
)
