/** Assertions of the suite, which depends on no runner. */
import type { EngineError, EngineErrorCode, EngineStage } from '../../errors/engine-error.ts'
import { isEngineError } from '../../errors/engine-error.ts'

export function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`expected that ${what}`)
}

/** What the call throws; `what` says what it means that it does. */
export async function rejection(run: () => Promise<unknown>, what = 'it fails'): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error(`expected that ${what}`)
}

/** Checks that an error has a type, a stage and a code, and says something. */
export function expectEngineError(
  error: unknown,
  stage: EngineStage,
  codes?: readonly EngineErrorCode[],
): asserts error is EngineError {
  expect(isEngineError(error), `it fails with an EngineError, not ${error}`)
  expect(error.stage === stage, `its stage is ${stage}, not ${error.stage} (${error.message})`)
  expect(/^[a-z][a-z0-9_]*$/.test(error.code), `its code is a code, not ${error.code}`)
  const wanted = codes?.join(' or ')
  expect(!codes || codes.includes(error.code), `its code is ${wanted}, not ${error.code} (${error.message})`)
  expect(error.message.trim() !== '', 'it says what happened')
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
