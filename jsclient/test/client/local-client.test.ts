import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { build } from 'esbuild'
import { LocalInferenceClient, type LocalInferenceClientOptions } from '../../src/client/local-client.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { isSnapshotError } from '../../src/errors/snapshot-error.ts'
import { isStreamInterruptedError } from '../../src/errors/stream-interrupted-error.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { testModel } from '../../src/testing/model.ts'
import { testSnapshot } from '../../src/testing/snapshot.ts'
import type { Report, Snapshot } from '../../src/wire.ts'
import { read } from './handover-ways.ts'
import { collect, rejection } from './setup.ts'

const detector = { detect: async () => ({}), detectState: async () => ({}) }

function setup(options: Partial<LocalInferenceClientOptions> = {}) {
  const engine = new FakeEngine({ answer: 'one two three' })
  const client = new LocalInferenceClient({
    engines: [engine],
    models: [testModel()],
    detector,
    storage: false,
    ...options,
  })
  return { engine, client }
}

/** Fails the test at the first request of whoever. */
function forbidFetch(t: { after(end: () => void): void }): void {
  const { fetch } = globalThis
  globalThis.fetch = () => assert.fail('something was fetched')
  t.after(() => {
    globalThis.fetch = fetch
  })
}

describe('LocalInferenceClient', () => {
  it('answers in every way, from models alone, and fetches nothing', async (t) => {
    forbidFetch(t)
    const { client } = setup()
    const { text, source, route } = await client.generate('hi')
    assert.deepEqual([text, source, route.promptBytesSent, route.decidedBy], ['one two three', 'browser', 0, 'page'])
    const chunks = await collect(
      await client.chat.completions.create({ messages: [{ role: 'user', content: 'hi' }], stream: true }),
    )
    assert.equal(
      chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? '')).join(''),
      'one two three',
    )
    assert.equal((await read(client.stream({ messages: [{ role: 'user', content: 'hi' }] }))).text, 'one two three')
    assert.equal((await client.preload()).id, 'tiny')
    await client.dispose()
  })

  it('decides by the snapshot that it is given', async () => {
    const policies = [{ name: 'enabled', options: { disabled: true } }, { name: 'privacy' }]
    const { client } = setup({ snapshot: testSnapshot({ policies }), models: undefined })
    assert.ok(isNoTargetError(await rejection(client.generate('hi'))))
    assert.throws(() => setup({ snapshot: { schema: 1 } as Snapshot, models: undefined }), isSnapshotError)
  })

  it('has no server, whatever a request or a snapshot says', async () => {
    const snapshots = [testSnapshot(), testSnapshot({ policies: [{ name: 'complexity' }] })]
    for (const snapshot of snapshots) {
      const { client, engine } = setup({ snapshot })
      for (const options of [{ force: 'server' }, { preference: 'never' }, { privacy: '' }] as const) {
        const result = await client.generate('hi', options).catch((error: unknown) => error)
        assert.ok(
          isNoTargetError(result) || (result as { source?: string }).source === 'browser',
          JSON.stringify(options),
        )
      }
      engine.faults = [{ does: 'die', at: 1 }]
      const { error } = await read(
        client.stream({ messages: [{ role: 'user', content: 'hi' }], complexity: 'complex' }),
      )
      assert.ok(isStreamInterruptedError(error) || isNoTargetError(error), String(error))
      await client.dispose()
    }
  })

  it('resumes here', async () => {
    const { client, engine } = setup()
    engine.faults = [{ does: 'die', at: 2, times: 1 }]
    const { error } = await read(client.stream({ messages: [{ role: 'user', content: 'hi' }] }))
    assert.ok(isStreamInterruptedError(error) && error.resume)
    assert.equal(error.partialText, 'one two')
    assert.equal((await read(error.resume(), error.partialText)).text, 'one two three')
    await client.dispose()
  })

  it('leaves out engines that may send prompts elsewhere', async () => {
    const engine = new FakeEngine({ onDevice: false })
    const { client } = setup({ engines: [engine] })
    const error = await rejection(client.generate('hi'))
    assert.ok(isNoTargetError(error))
    assert.deepEqual(engine.requests, [])
  })

  it('tells whoever it was told to tell, in counts', async () => {
    const reports: Report[] = []
    const { client, engine } = setup({ onReport: (report) => reports.push(report) })
    await client.generate('a secret')
    engine.faults = [{ does: 'fail', at: 1 }]
    await rejection(client.generate('a secret'))
    assert.deepEqual(
      reports.map(({ id, success, errorCode, modelId }) => [id, success, errorCode, modelId]),
      [
        ['local.1', true, undefined, 'tiny'],
        ['local.2', false, 'generate_failed', 'tiny'],
      ],
    )
    assert.ok(!JSON.stringify(reports).includes('secret'))
    await client.dispose()
  })

  it('survives an unmount and a mount in the same turn, and can be revived', async () => {
    const { client, engine } = setup()
    await client.preload()
    void client.dispose()
    await client.initialize()
    assert.equal((await client.generate('hi')).text, 'one two three')
    assert.equal(engine.downloads, 1)
    await client.dispose()
    await client.initialize()
    assert.equal((await client.generate('hi')).text, 'one two three')
    await client.dispose()
  })
})

describe('the module of LocalInferenceClient', () => {
  it('has nothing in it that could reach a server', async () => {
    const entry = path.resolve(import.meta.dirname, '../../src/local.ts')
    const { metafile } = await build({
      entryPoints: [entry],
      bundle: true,
      splitting: true,
      outdir: 'unused',
      write: false,
      format: 'esm',
      metafile: true,
    })
    const files = Object.keys(metafile.inputs)
    assert.ok(files.length > 20)
    assert.deepEqual(
      files.filter((file) => file.includes('/transport/') || file.endsWith('/router.ts')),
      [],
    )
    const senders: string[] = []
    for (const file of files) {
      const source = await readFile(file, 'utf8')
      if (
        /\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|EventSource/.test(source.replace(/^\s*(\/\/|\*|\/\*).*$/gm, ''))
      )
        senders.push(file)
    }
    assert.deepEqual(senders, [], 'what can send')
  })
})
