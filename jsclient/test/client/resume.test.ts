/** Asking for the rest of an answer that broke off. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isNetworkError } from '../../src/errors/network-error.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { isStreamInterruptedError } from '../../src/errors/stream-interrupted-error.ts'
import { testSnapshot } from '../../src/testing/snapshot.ts'
import { ANSWER, CHUNKS, messages, NATIVE, setup } from './handover-setup.ts'
import { read } from './handover-ways.ts'
import { rejection, until } from './setup.ts'
import { SERVER_ONLY } from './wire-server.ts'

describe('resume', () => {
  it('goes on behind the text where the server can, as often as is wanted', async () => {
    const { client, asked } = setup()
    const { error } = await CHUNKS.ask(client, { messages, handover: 'fail' })
    assert.ok(isStreamInterruptedError(error) && error.resume)
    assert.equal(asked().length, 0)
    for (const preference of ['never', 'never']) {
      client.setMode(preference as 'never')
      const got = await read(error.resume(), error.partialText)
      assert.deepEqual([got.error, got.text, got.finishReasons], [undefined, ANSWER, ['stop']])
      assert.ok(got.events?.every(({ type }) => type !== 'reset'))
      assert.deepEqual(
        got.route?.attempts.map(({ target, outcome }) => `${target} ${outcome}`),
        ['browser failed', 'server ok'],
      )
      assert.equal(got.route?.completionTokens, 6)
    }
    await client.dispose()
  })

  it('goes on at the engine, if it can', async () => {
    for (const continuation of [true, false]) {
      const { client } = setup({
        engine: { answer: ANSWER, faults: [], supports: { continuation } },
        server: { faults: [{ does: 'cut', path: '/chat/completions', at: 2 }] },
      })
      const { error } = await CHUNKS.ask(client, { messages, complexity: 'complex' })
      assert.ok(isStreamInterruptedError(error) && error.resume)
      client.setMode('always')
      const got = await read(error.resume(), error.partialText)
      assert.deepEqual([got.error, got.text], [undefined, ANSWER])
      assert.equal(
        got.events?.some(({ type }) => type === 'reset'),
        !continuation,
      )
      assert.equal(got.route?.source, 'browser')
      await client.dispose()
    }
  })

  it('of an answer that has all its tokens asks nobody', async () => {
    const { client, asked } = setup()
    const { error } = await CHUNKS.ask(client, { messages, handover: 'fail', max_tokens: 3 })
    assert.ok(isStreamInterruptedError(error) && error.resume)
    client.setMode('never')
    const got = await read(error.resume(), error.partialText)
    assert.deepEqual(
      [got.error, got.text, got.finishReasons, asked().length],
      [undefined, 'one two three', ['length'], 0],
    )
    await client.dispose()
  })

  it('begins again where nobody can go on, with the whole answer', async () => {
    const { client } = setup({ server: { snapshot: {} } })
    const { error } = await CHUNKS.ask(client, { messages })
    assert.ok(isStreamInterruptedError(error) && error.resume)
    client.setMode('never')
    const got = await read(error.resume(), error.partialText)
    assert.deepEqual([got.error, got.text], [undefined, ANSWER])
    assert.equal(got.events?.[0]?.type, 'reset')
    await client.dispose()
  })

  it('that nobody may answer now can be asked for again', async () => {
    const { client, server } = setup({
      server: {
        answer: ANSWER,
        policies: [...testSnapshot().policies, { name: 'health' }, SERVER_ONLY],
        snapshot: { subject: NATIVE },
        faults: [{ does: 'cut', path: '/chat/completions', at: 2, times: 1 }],
      },
    })
    const { error } = await CHUNKS.ask(client, { messages, force: 'server' })
    assert.ok(isStreamInterruptedError(error) && error.resume)
    server.faults.push({ does: 'cut' })
    const { error: again } = await read(error.resume())
    assert.ok(isStreamInterruptedError(again) && again.resume, String(again))
    assert.equal(again.partialText, 'one two')
    assert.ok(isNoTargetError(again.cause) && isNetworkError(again.cause.cause))
    server.faults.length = 0
    const { text } = await read(again.resume(), again.partialText)
    assert.equal(text, ANSWER)
    await client.dispose()
  })

  it('is aborted by its own signal, by leaving it, and by the end of the client', async () => {
    const { client, asked } = setup({ server: { faults: [{ does: 'hang', path: '/chat/completions' }] } })
    const { error } = await CHUNKS.ask(client, { messages, handover: 'fail' })
    assert.ok(isStreamInterruptedError(error) && error.resume)
    client.setMode('never')
    const controller = new AbortController()
    const reading = read(error.resume({ signal: controller.signal }))
    await until(() => asked().length === 1)
    controller.abort(new Error('enough'))
    assert.equal((await reading).error, controller.signal.reason)
    const left = error.resume()[Symbol.asyncIterator]()
    const next = left.next()
    await until(() => asked().length === 2)
    await left.return?.()
    assert.equal((await next).done, true)
    const last = error.resume()[Symbol.asyncIterator]().next()
    await until(() => asked().length === 3)
    void client.dispose()
    assert.equal(((await rejection(last)) as Error).name, 'AbortError')
  })

  it('fails as the first call did when it breaks off again, with more text', async () => {
    const { client } = setup({ server: { faults: [{ does: 'cut', path: '/chat/completions', at: 1, times: 1 }] } })
    const { error } = await CHUNKS.ask(client, { messages, handover: 'fail' })
    assert.ok(isStreamInterruptedError(error) && error.resume)
    client.setMode('never')
    const { error: again } = await read(error.resume())
    assert.ok(isStreamInterruptedError(again) && again.resume, String(again))
    assert.equal(again.partialText, 'one two three four')
    const { text } = await read(again.resume(), again.partialText)
    assert.equal(text, ANSWER)
    await client.dispose()
  })
})
