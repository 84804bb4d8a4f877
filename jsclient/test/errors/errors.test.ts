import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isAbortError, raceAbort } from '../../src/errors/abort.ts'
import { EdgewiseError, isEdgewiseError } from '../../src/errors/edgewise-error.ts'
import { InvalidRequestError, isInvalidRequestError } from '../../src/errors/invalid-request-error.ts'
import { isNetworkError, NetworkError } from '../../src/errors/network-error.ts'
import { isNoTargetError, NoTargetError } from '../../src/errors/no-target-error.ts'
import { isServerError, ServerError } from '../../src/errors/server-error.ts'
import { isSnapshotError, SnapshotError } from '../../src/errors/snapshot-error.ts'
import { isStreamInterruptedError, StreamInterruptedError } from '../../src/errors/stream-interrupted-error.ts'
import { isUnauthorizedError, UnauthorizedError } from '../../src/errors/unauthorized-error.ts'

const cause = new Error('beneath')

const kinds: [name: string, code: string, guard: (error: unknown) => boolean, error: EdgewiseError][] = [
  ['InvalidRequestError', 'invalid_value', isInvalidRequestError, new InvalidRequestError('no', { cause })],
  ['NetworkError', 'network_error', isNetworkError, new NetworkError('http://127.0.0.1', { cause })],
  ['NoTargetError', 'no_target', isNoTargetError, new NoTargetError('offline', { cause })],
  ['ServerError', 'backend_gone', isServerError, new ServerError('gone', { status: 502, code: 'backend_gone', cause })],
  ['SnapshotError', 'snapshot_invalid', isSnapshotError, new SnapshotError('bad', { code: 'snapshot_invalid', cause })],
  [
    'StreamInterruptedError',
    'stream_interrupted',
    isStreamInterruptedError,
    new StreamInterruptedError('', [], { cause }),
  ],
]

describe('every error', () => {
  for (const [name, code, guard, error] of kinds) {
    test(`${name} has its name, code, cause and guard`, () => {
      assert.ok(error instanceof EdgewiseError)
      assert.deepEqual([error.name, error.code, error.cause], [name, code, cause])
      assert.ok(String(error).startsWith(`${name}: `))
      for (const [other, , otherGuard] of kinds) assert.equal(otherGuard(error), other === name, other)
      assert.ok(guard(error) && isEdgewiseError(error))
    })
  }

  test('without a cause has none', () => {
    assert.ok(!('cause' in new NoTargetError('offline')))
    assert.ok(!('cause' in new ServerError('x', { status: 500 })))
  })

  test('guards take only our own errors', () => {
    const foreign = Object.assign(new Error('x'), { name: 'ServerError', code: 'x' })
    for (const value of [foreign, { name: 'ServerError' }, null, undefined, 'ServerError']) {
      assert.equal(isServerError(value), false)
      assert.equal(isEdgewiseError(value), false)
    }
  })

  test('guards know the errors of another copy of this package', async () => {
    const copy: typeof import('../../src/errors/server-error.ts') = await import(
      // A query makes Node load the module anew.
      `../../src/errors/server-error.ts?copy=${Date.now()}`
    )
    const error = new copy.ServerError('x', { status: 500 })
    assert.ok(!(error instanceof ServerError))
    assert.ok(isServerError(error))
  })
})

test('the type of a ServerError follows its status', () => {
  assert.equal(new ServerError('x', { status: 404 }).type, 'invalid_request_error')
  assert.equal(new ServerError('x', { status: 502 }).type, 'server_error')
  assert.equal(new ServerError('x', { status: 429, type: 'rate_limit_error' }).type, 'rate_limit_error')
})

test('UnauthorizedError says what to do', () => {
  const error = new UnauthorizedError('The session is over.')
  assert.equal(error.code, 'unauthorized')
  assert.ok(isUnauthorizedError(error))
  assert.match(error.message, /^The session is over\. Sign in again/)
})

describe('aborts', () => {
  test('are recognised by name or by reason', () => {
    const reason = new Error('mine')
    assert.ok(isAbortError(new DOMException('x', 'AbortError')))
    assert.ok(isAbortError(reason, AbortSignal.abort(reason)))
    assert.ok(isAbortError('text', AbortSignal.abort('text')))
    assert.ok(!isAbortError(reason))
    assert.ok(!isAbortError(reason, AbortSignal.abort()))
    assert.ok(!isAbortError(undefined, new AbortController().signal))
  })

  test('end a race with the reason, and leave no listener behind', async () => {
    const controller = new AbortController()
    assert.equal(await raceAbort(Promise.resolve(1), controller.signal), 1)
    assert.equal(await raceAbort(Promise.resolve(2), undefined), 2)
    const pending = raceAbort(new Promise(() => {}), controller.signal)
    controller.abort('why')
    await assert.rejects(pending, (error) => error === 'why')
    await assert.rejects(raceAbort(Promise.reject(new Error('late')), controller.signal), (error) => error === 'why')
  })
})
