/** One model, one prompt, one greedy text: in every engine that runs it here, and in the demo's server, which is Go. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ChatCompletion } from '../../src/wire.ts'
import { useDemo } from '../browser/demo-fixture.ts'
import { type ReferencePrompt, readReference } from '../browser/demo-program.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

describe('the same greedy text', () => {
  const run = useDemo({
    optimize: true,
    bundles: {
      '/page.js': path('pages/same-text-page.ts'),
      '/transformers-worker.js': path('../../src/engines/transformers/worker.ts'),
      '/onnx-worker.js': path('../../src/engines/onnx/worker.ts'),
    },
    dirs: {
      '/models/': path('../../../examples/tinymodel/files/'),
      '/ort/': path('../../node_modules/onnxruntime-web/dist/'),
      '/wllama/': path('../../node_modules/@wllama/wllama/esm/'),
    },
  })
  let prompts: ReferencePrompt[] = []
  let answers: Record<string, string[]> = {}
  before(async () => {
    ;({ prompts } = await readReference())
    await using opened = await run.harness.open()
    const asked = prompts.map(({ messages, maxTokens }) => ({ messages, maxTokens }))
    answers = await opened.call('/page.js', 'answerAll', asked)
    answers['the demo'] = await Promise.all(asked.map((prompt) => askDemo(run.demo.origin, prompt)))
  })

  for (const who of ['transformers.js', 'onnx', 'wllama', 'the demo']) {
    test(`from ${who}, for every prompt`, () => {
      assert.ok(prompts.length >= 30, `${prompts.length} prompts`)
      const wanted = prompts.map(({ id, text }) => [id, text])
      const got = prompts.map(({ id }, i) => [id, answers[who]?.[i]])
      assert.deepEqual(got, wanted)
    })
  }
})

async function askDemo(
  origin: string,
  { messages, maxTokens }: Pick<ReferencePrompt, 'messages' | 'maxTokens'>,
): Promise<string> {
  const response = await fetch(`${origin}/api/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages, max_tokens: maxTokens, temperature: 0 }),
  })
  assert.equal(response.status, 200, await response.clone().text())
  const { choices } = (await response.json()) as ChatCompletion
  return choices[0]?.message.content ?? ''
}
