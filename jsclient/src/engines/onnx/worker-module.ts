/**
 * The worker for pages without a bundler: import maps don't reach workers, so it imports the packages from the
 * `moduleURLs` that the page passes.
 */
import { expose } from '../../engine/expose.ts'
import type { EnginePort } from '../../engine/protocol.ts'
import { EngineNotInstalledError } from '../../errors/engine-not-installed-error.ts'
import { createHost } from './host.ts'
import type { OnnxPeers } from './peer.ts'
import type { ModuleURLs } from './source.ts'
import { PACKAGES } from './source.ts'

async function importPeers(moduleURLs?: ModuleURLs): Promise<OnnxPeers> {
  const missing: string[] = []
  let cause: unknown
  const load = async (name: keyof ModuleURLs, wanted: string) => {
    try {
      const url = moduleURLs?.[name]
      if (url === undefined) throw new TypeError(`no moduleURLs.${name} was passed`)
      const module = (await import(/* @vite-ignore */ /* webpackIgnore: true */ url)) as Record<string, unknown>
      if (!(wanted in module)) throw new TypeError(`${url} exports no ${wanted}`)
      return module
    } catch (error) {
      missing.push(PACKAGES[name])
      cause ??= error
      return {}
    }
  }
  const [ort, tokenizers, jinja] = await Promise.all([
    load('ort', 'InferenceSession'),
    load('tokenizers', 'Tokenizer'),
    load('jinja', 'Template'),
  ])
  // All at once, as npm takes them.
  if (missing.length > 0) throw new EngineNotInstalledError(missing.sort().join(' '), cause)
  return { ort, ...tokenizers, ...jinja } as unknown as OnnxPeers
}

expose(self as unknown as EnginePort, createHost(importPeers))
