/** Runs in Chromium, on an origin that is not secure: what every engine says of it. */
import { onnx } from '../../../src/engines/onnx/index.ts'
import { promptAPI } from '../../../src/engines/prompt-api/index.ts'
import { transformers } from '../../../src/engines/transformers/index.ts'
import { webllm } from '../../../src/engines/webllm/index.ts'
import { wllama } from '../../../src/engines/wllama/index.ts'
import { testModel } from '../../../src/testing/model.ts'

/** What each says beforehand, and what a load fails with that is tried all the same. */
export async function askAll(): Promise<Record<string, unknown[]>> {
  const answers: Record<string, unknown[]> = {}
  for (const engine of [webllm(), transformers(), wllama({ wasmURL: '/no.wasm' }), onnx(), promptAPI()]) {
    const failed = engine.load(testModel({ framework: engine.name })).then(
      () => 'loaded',
      (error) => error.code,
    )
    answers[engine.name] = [await engine.obstacle?.(), await failed]
  }
  return answers
}
