/**
 * The worker for apps with a bundler. The app's worker file is one line, `import '@edgewise/client/webllm/worker'`, and
 * the bundler resolves the package that this module imports. It speaks WebLLM's own protocol.
 */
import { WebWorkerMLCEngineHandler } from '@mlc-ai/web-llm'

const handler = new WebWorkerMLCEngineHandler()
self.onmessage = (event: MessageEvent) => handler.onmessage(event)
