// snippet:begin
'use client'
import { HybridInferenceClient } from '@edgewise/client'
import { useEffect, useState } from 'react'
import { engines } from '../../src/engines.js'

export default function Chat() {
  const [client] = useState(() => new HybridInferenceClient({ baseURL: '/api/v1', engines: [engines.onnx()] }))
  const [isHere, setIsHere] = useState(false)
  const [answer, setAnswer] = useState('')
  useEffect(() => {
    void client.initialize().catch(() => {}) // the first request says it again
    return () => void client.dispose()
  }, [client])

  async function download() {
    await client.preload()
    setIsHere(true)
  }

  async function ask() {
    setAnswer('')
    const onChunk = (text) => setAnswer((before) => before + text)
    await client.generate('What is the capital of France?', { onChunk, temperature: 0 })
  }

  return (
    <p>
      <button type="button" disabled={isHere} onClick={download}>
        Download the model
      </button>
      <button type="button" onClick={ask}>
        Ask
      </button>
      <output>{answer}</output>
    </p>
  )
}
// snippet:end
