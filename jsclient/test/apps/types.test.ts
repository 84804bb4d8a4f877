/** The published declarations: for which compilers, what they export, and that they explain it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import ts from 'typescript-oldest'
import { exportsFile, listExports, listUndocumented, readAPI } from './support/api.ts'
import { makeApp } from './support/app.ts'

/** The AI SDK's declarations need those of Node and more, which a page has no use for; and a newer compiler than ours do. */
const APPS = [
  ['src/consumer.ts', 'checked'],
  ['src/consumer-ai.ts', 'skipped'],
] as const

describe('the declarations', () => {
  let dir: string
  before(async () => {
    dir = await makeApp('types', ['ai', '@ai-sdk/provider', 'zod'])
  })

  const { ESNext, Node16, NodeNext } = ts.ModuleKind
  const resolutions = [
    ['bundler', { module: ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }],
    ['node16', { module: Node16, moduleResolution: ts.ModuleResolutionKind.Node16 }],
    ['nodenext', { module: NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }],
  ] as const
  for (const [name, options] of resolutions) {
    test(`compile with TypeScript ${ts.version}, moduleResolution ${name}`, () => {
      const program = ts.createProgram([join(dir, 'src/consumer.ts')], {
        ...options,
        target: ts.ScriptTarget.ES2022,
        lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
        types: [],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
      })
      const messages = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
        const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0
        return `${file?.fileName}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
      })
      assert.deepEqual(messages, [])
    })
  }

  for (const [app, libraries] of APPS) {
    test(`compile with the newest in ${app}`, async () => {
      const tsc = resolve(import.meta.dirname, '../../node_modules/.bin/tsc')
      const options = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext', '--types', '']
      const skip = ['--skipLibCheck', libraries === 'skipped' ? 'true' : 'false']
      const compiled = promisify(execFile)(tsc, [...options, ...skip, app], { cwd: dir })
      await compiled.catch(({ stdout }) => assert.fail(stdout))
    })
  }

  test('are tried by an app that imports every sub-path', async () => {
    const [app, withAI] = await Promise.all(APPS.map(([file]) => readFile(join(dir, file), 'utf8')))
    const { exports } = JSON.parse(await readFile(join(dir, 'node_modules/@edgewise/client/package.json'), 'utf8'))
    for (const [subpath, target] of Object.entries(exports)) {
      if (typeof target === 'object')
        assert.ok(`${app}${withAI}`.includes(`'${join('@edgewise/client', subpath)}'`), subpath)
    }
  })

  describe('of the public API', () => {
    const api = () => readAPI(join(dir, 'node_modules/@edgewise/client'))

    test('are those of the committed list (if it is meant to change: make generate)', async () => {
      const [now, listed] = [listExports(api()), await readFile(exportsFile, 'utf8')].map((text) => text.split('\n'))
      const added = now?.filter((line) => !listed?.includes(line))
      const removed = listed?.filter((line) => !now?.includes(line))
      assert.deepEqual({ added, removed }, { added: [], removed: [] })
    })

    test('have a doc comment', () => assert.deepEqual(listUndocumented(api()), []))
  })
})
