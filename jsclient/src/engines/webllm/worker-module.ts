/**
 * The worker for pages without a bundler: import maps don't reach workers, so it imports the package from the
 * `moduleURL` that the page passes.
 */
import { expose } from '../../engine/expose.ts'
import type { EnginePort } from '../../engine/protocol.ts'
import { EngineNotInstalledError } from '../../errors/engine-not-installed-error.ts'
import { createHost } from './host.ts'
import type { WebLLMPeer } from './peer.ts'
import { PACKAGE_NAME } from './source.ts'

async function importPeer(moduleURL?: string): Promise<WebLLMPeer> {
  try {
    if (moduleURL === undefined) throw new TypeError('no moduleURL was passed')
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ moduleURL)) as WebLLMPeer
  } catch (error) {
    throw new EngineNotInstalledError(PACKAGE_NAME, error)
  }
}

expose(self as unknown as EnginePort, createHost(importPeer))
