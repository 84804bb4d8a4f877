/**
 * The worker for pages without a bundler: import maps don't reach workers, so the page's first message says from which
 * URL to import the package. After that it speaks WebLLM's own protocol.
 */
import { toErrorMessage } from '../../engine/error-message.ts'
import { isProtocolMessage, PROTOCOL_VERSION } from '../../engine/protocol.ts'
import { EngineNotInstalledError } from '../../errors/engine-not-installed-error.ts'
import { PACKAGE_NAME } from './record.ts'

/** The one class of the package that the worker needs. */
interface HandlerModule {
  WebWorkerMLCEngineHandler: new () => { onmessage(event: MessageEvent): void }
}

self.onmessage = async ({ data }: MessageEvent<unknown>) => {
  if (!isProtocolMessage(data) || data.kind !== 'import' || !('moduleURL' in data)) return
  try {
    const url = String(data.moduleURL)
    const { WebWorkerMLCEngineHandler } = (await import(
      /* @vite-ignore */ /* webpackIgnore: true */ url
    )) as HandlerModule
    const handler = new WebWorkerMLCEngineHandler()
    self.onmessage = (event: MessageEvent) => handler.onmessage(event)
    postMessage({ edgewise: PROTOCOL_VERSION, kind: 'ready' })
  } catch (cause) {
    const error = toErrorMessage(new EngineNotInstalledError(PACKAGE_NAME, cause), 'load')
    postMessage({ edgewise: PROTOCOL_VERSION, kind: 'fatal', error })
  }
}
