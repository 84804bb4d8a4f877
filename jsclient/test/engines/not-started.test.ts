import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { notStarted } from '../../src/engine/not-started.ts'
import { EngineNotInstalledError } from '../../src/errors/engine-not-installed-error.ts'

describe('a worker that did not start', () => {
  const missing = {
    'Uncaught Error: Could not resolve "@huggingface/transformers" imported by "@edgewise/client". Is it installed?':
      '@huggingface/transformers',
    "Uncaught Error: Cannot find module '@huggingface/transformers'": '@huggingface/transformers',
    "Uncaught Error: Cannot find module 'onnxruntime-web/wasm'": 'onnxruntime-web',
    'Uncaught TypeError: Failed to resolve module specifier "onnxruntime-web". Relative references must start with …':
      'onnxruntime-web',
  }
  for (const [message, packageName] of Object.entries(missing)) {
    test(`for want of ${packageName}: ${message.slice(0, 40)}`, () => {
      const error = notStarted(message)
      assert.ok(error instanceof EngineNotInstalledError)
      assert.deepEqual([error.code, error.packageName], ['not_installed', packageName])
      assert.ok(error.message.includes(`npm install ${packageName}`), error.message)
      assert.equal((error.cause as Error).message, message)
    })
  }

  for (const message of [
    '',
    'Uncaught SyntaxError: Unexpected token',
    "Uncaught Error: Cannot find module './mine.js'",
  ]) {
    test(`for another reason: ${message}`, () => {
      assert.deepEqual([notStarted(message).name, notStarted(message).code], ['EngineError', 'worker_failed'])
    })
  }
})
