/** Runs in Chromium: an app in React, of one component that downloads a model and asks it. */
import { createElement, Fragment, StrictMode, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { HybridInferenceClient } from '../../../src/client/client.ts'
import { transformers } from '../../../src/engines/transformers/index.ts'

const counts = { clients: 0, workers: 0, effects: 0, offers: 0 }

function newClient() {
  counts.clients++
  return new HybridInferenceClient({
    baseURL: '/api/v1',
    engines: [
      transformers({
        worker() {
          counts.workers++
          return new Worker('/worker.js', { type: 'module' })
        },
        wasmPaths: { mjs: '/ort/ort-wasm-simd-threaded.mjs', wasm: '/ort/ort-wasm-simd-threaded.wasm' },
        modelBaseURL: '/models/',
      }),
    ],
    onOffer() {
      counts.offers++
      return true
    },
  })
}

/** Keeps its client, or makes one each time that it is mounted. */
function Chat({ keeps, prompt, onAnswer }) {
  const [kept] = useState(() => keeps && newClient())
  useEffect(() => {
    counts.effects++
    const client = kept || newClient()
    let mounted = true
    const ask = async () => {
      await client.initialize()
      await client.preload('tiny')
      return client.generate(prompt, { maxTokens: 4, temperature: 0 })
    }
    ask().then(
      (answer) => mounted && onAnswer(answer),
      (error) => mounted && onAnswer(error),
    )
    return () => {
      mounted = false
      void client.dispose()
    }
  }, [kept, prompt, onAnswer])
  return createElement('p', null, prompt)
}

/** Mounts the app; resolves once it has its answer. */
export async function run({ strict, keeps, prompt }) {
  const root = createRoot(document.body)
  const result = await new Promise((onAnswer) => {
    root.render(createElement(strict ? StrictMode : Fragment, null, createElement(Chat, { keeps, prompt, onAnswer })))
  })
  root.unmount()
  if (result instanceof Error) throw result
  return { ...counts, source: result.source, text: result.text }
}
