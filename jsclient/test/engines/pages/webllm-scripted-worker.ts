/**
 * The worker of the adapter with the real package, and tokens from a script. Its query says which part is scripted:
 * "worker", behind the package's `CreateWebWorkerMLCEngine`; or "pipeline", beneath its `MLCEngine`, which loads real
 * files. It tells the page of every token that is generated, also of those that nobody sees.
 */
import * as webllm from '@mlc-ai/web-llm'
import { expose } from '../../../src/engine/expose.ts'
import type { EnginePort } from '../../../src/engine/protocol.ts'
import { createHost } from '../../../src/engines/webllm/host.ts'
import type { WebLLMPeer } from '../../../src/engines/webllm/peer.ts'
import { pipelinePeer, ScriptedPipeline } from '../webllm-pipeline.ts'
import { type Script, ScriptedWorker, scriptedPeer } from '../webllm-script.ts'

export interface Casting {
  part: 'worker' | 'pipeline'
  script: Script
}

const { part, script } = JSON.parse(decodeURIComponent(location.search.slice(1))) as Casting

function cast(): WebLLMPeer {
  const onToken = () => postMessage({ counted: 1 })
  if (part === 'pipeline') {
    const pipeline = Object.assign(new ScriptedPipeline(script.tokens), { onToken })
    return pipelinePeer(webllm as never, pipeline, true)
  }
  return scriptedPeer(webllm as never, Object.assign(new ScriptedWorker(script), { onToken }))
}

/** The page may ask for the worker's death. */
addEventListener('message', ({ data }) => {
  if (data.die === 'close') self.close()
  if (data.die === 'throw') throw new Error('it was asked for')
})

expose(
  self as unknown as EnginePort,
  createHost(async () => cast()),
)
