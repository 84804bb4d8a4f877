import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import type { EngineSupport } from '../../src/engine/engine.ts'
import { onnx } from '../../src/engines/onnx/index.ts'
import { promptAPI } from '../../src/engines/prompt-api/index.ts'
import { transformers } from '../../src/engines/transformers/index.ts'
import { webllm } from '../../src/engines/webllm/index.ts'
import { wllama } from '../../src/engines/wllama/index.ts'

const engines = [webllm(), transformers(), wllama({ wasmURL: '/wllama.wasm' }), onnx(), promptAPI()]

describe('ENGINES.md says what each engine honours', async () => {
  const text = await readFile(new URL('../../ENGINES.md', import.meta.url), 'utf8')
  const rows = text
    .split('\n')
    .filter((line) => /^\| {2,}\||^\| `\w+` +\| (yes|no)/.test(line))
    .map((line) => line.split('|').slice(1, -1))
    .map(([first = '', ...cells]) => [first.replaceAll('`', '').trim(), ...cells.map((cell) => cell.trim())])
  const [head = [], ...abilities] = rows

  test('of every engine', () => {
    assert.deepEqual(
      head.slice(1),
      engines.map(({ name }) => name),
    )
  })

  for (const [ability = '', ...cells] of abilities) {
    test(ability, () => {
      const said = engines.map(({ supports }) => (supports?.[ability as keyof EngineSupport] ? 'yes' : 'no'))
      // By default it does not.
      const claimed = cells.map((cell) => (cell === 'if asked for' ? 'no' : cell))
      assert.deepEqual(claimed, said)
    })
  }

  test('and of everything that an engine may declare', () => {
    const declared = Object.keys(transformers().supports ?? {}).filter((name) => !['n', 'contextWindow'].includes(name))
    assert.deepEqual(abilities.map(([ability]) => ability).sort(), declared.sort())
  })
})
