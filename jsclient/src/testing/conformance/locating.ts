/** Where a model's files are. */
import type { Engine } from '../../engine/engine.ts'
import type { ModelInfo } from '../../wire.ts'
import { expect, rejectsWith } from './expect.ts'
import type { Checks } from './kit.ts'
import type { Subject } from './subject.ts'

export const locating: Checks = ({ subject, check, withModel }) => [
  check('status says where the model is, and downloads nothing', async ({ engine }) => {
    await withoutDownload(subject, () => locate(engine, subject.model))
    await engine.load(subject.model)
    await withoutDownload(subject, () => locate(engine, subject.model))
  }),

  check('status takes whatever goes wrong for absent', async ({ engine }) => {
    const id = 'conformance-nobody-knows'
    const source = Object.fromEntries(Object.keys(subject.model.source ?? {}).map((name) => [name, id]))
    await withoutDownload(subject, () => locate(engine, { ...subject.model, id, source }))
  }),

  check("status fails with nothing but its signal's reason", async ({ engine }) => {
    const signal = AbortSignal.abort(new Error('never mind'))
    await rejectsWith('status() with an aborted signal', signal.reason, async () => {
      await engine.status(subject.model, { signal })
      throw signal.reason // An engine that has its answer at hand may give it.
    })
  }),

  withModel('a model that is cached loads without a download', async ({ engine, loaded, skip }) => {
    await loaded.unload()
    if ((await locate(engine, subject.model)) === 'absent') return skip('it keeps no model')
    const before = await subject.downloads?.()
    await engine.load(subject.model, {
      onProgress: ({ stage, progress }) =>
        expect(stage === 'load', `load() of a cached model downloads nothing, at ${progress}`),
    })
    expect((await subject.downloads?.()) === before, 'load() of a cached model asks for no file')
  }),
]

async function locate(engine: Engine, model: ModelInfo): Promise<string> {
  const status = await engine.status(model)
  expect(status === 'absent' || status === 'cached', `status() gives absent or cached, not ${status}`)
  return status
}

/** Fails where something is downloaded meanwhile. */
async function withoutDownload(subject: Subject, run: () => Promise<unknown>): Promise<void> {
  const scope = globalThis as { fetch: typeof globalThis.fetch }
  const { fetch } = scope
  const fetched: string[] = []
  const before = await subject.downloads?.()
  scope.fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    const method = (init?.method ?? (input instanceof Request ? input.method : 'GET')).toUpperCase()
    if (method !== 'HEAD' && !/^(blob|data):/.test(url)) fetched.push(url)
    return fetch(input, init)
  }
  try {
    await run()
  } finally {
    scope.fetch = fetch
  }
  expect(fetched.length === 0, `status() fetches nothing, not ${fetched}`)
  expect((await subject.downloads?.()) === before, 'status() asks for no model file')
}
