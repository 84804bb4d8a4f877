/** Assertions of the suite, which depends on no runner. */
import type { EngineErrorCode, EngineStage } from '../../errors/engine-error.ts'
import { isEngineError } from '../../errors/engine-error.ts'
import { isEngineUnsupportedError } from '../../errors/engine-unsupported-error.ts'

export function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`expected that ${what}`)
}

/** What the call rejects with; `call` says which one, and when: "dispose() while a load runs: the load". */
export async function rejection(call: string, run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error(`expected that ${call} rejects`)
}

/** Checks that the call rejects with this very reason. */
export async function rejectsWith(call: string, reason: unknown, run: () => Promise<unknown>): Promise<void> {
  const error = await rejection(call, run)
  expect(error === reason, `${call} rejects with the signal's very reason, not ${error}`)
}

/** Checks that the call rejects with an error that has a type, a stage and a code, and says something. */
export async function fails(
  call: string,
  run: () => Promise<unknown>,
  stage: EngineStage,
  codes?: readonly EngineErrorCode[],
): Promise<Error> {
  const error = await rejection(call, run)
  expect(isEngineError(error), `${call} rejects with an EngineError, not ${error}`)
  const { code, message } = error
  expect(error.stage === stage, `${call} rejects with stage ${stage}, not ${error.stage} (${message})`)
  expect(/^[a-z][a-z0-9_]*$/.test(code), `${call} rejects with a code, not ${code}`)
  const wanted = codes?.join(' or ')
  expect(!codes || codes.includes(code), `${call} rejects with code ${wanted}, not ${code} (${message})`)
  expect(message.trim() !== '', `${call} rejects with a message`)
  return error
}

/** What comes of a call that may be refused, because the model can't; then undefined. */
export async function unlessRefused<T>(call: string, run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    if (!isEngineError(error)) throw error
    expect(isEngineUnsupportedError(error), `${call} rejects with an EngineUnsupportedError if at all, not ${error}`)
    return undefined
  }
}

/** A promise that is awaited later: should the check fail before that, nobody reports it as unhandled. */
export function begun<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

/** Freezes a value and all that is in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part)
    Object.freeze(value)
  }
  return value
}

/** Time for whatever runs ahead, or late: `turns` tasks of the event loop. */
export async function pause(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setTimeout(resolve, 0))
}
