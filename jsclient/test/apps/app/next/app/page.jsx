/** Rendered on the server, which imports all that may be imported there. */
import { HybridInferenceClient } from '@edgewise/client'
import { onnx } from '@edgewise/client/onnx'
import { features } from '@edgewise/client/policy'
import { promptAPI } from '@edgewise/client/prompt-api'
import { transformers } from '@edgewise/client/transformers'
import { webllm } from '@edgewise/client/webllm'
import { wllama } from '@edgewise/client/wllama'
import AllEngines from './all-engines.jsx'
import Chat from './chat.jsx'

export default function Page() {
  const engines = [onnx(), promptAPI(), transformers(), webllm(), wllama({ wasmURL: '/wllama.wasm' })]
  const client = new HybridInferenceClient({ baseURL: '/api/v1', engines })
  return (
    <main>
      <p>
        On the server: {client.getSnapshot().phase}, {features('What is 7 + 5?').digits} digits,{' '}
        {engines.map(({ name }) => name).join(' ')}
      </p>
      <AllEngines />
      <Chat />
    </main>
  )
}
