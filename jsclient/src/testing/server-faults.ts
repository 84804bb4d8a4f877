/** What can go wrong between a page and a fake server. */
import { raceAbort } from '../errors/abort.ts'
import { errorResponse } from './server-refusal.ts'

/** Something that goes wrong, each time that a request comes to it. */
export type ServerFault = {
  /** The endpoint, such as "/chat/completions". Defaults to all. */
  path?: string
  /** How often it happens. Defaults to always. */
  times?: number
} & (
  | {
      /** Answers with an error. */
      does: 'fail'
      /** HTTP status, 400 or more. */
      status: number
      /** Of the error. Defaults to "on_purpose". */
      code?: string
      /** How long it asks to wait, s. Defaults to not saying. */
      retryAfter?: number
    }
  | {
      /** Hang: says nothing more, but hears an abort. Cut: breaks the connection. */
      does: 'hang' | 'cut'
      /** After so many tokens of an answer. Defaults to before any; a cut is then a server out of reach. */
      at?: number
    }
  | {
      /** Against the contract: begins an answer that it continues with the text that was there. */
      does: 'echo'
    }
)

/** What a `fetch` rejects with when there is no connection, told apart from a mistake's TypeError. */
export class CutError extends TypeError {}

/** Lets faults happen, each as often as it may. */
export class ServerFaults {
  list: ServerFault[]
  readonly #met = new Map<ServerFault, number>()

  constructor(list: readonly ServerFault[] = []) {
    this.list = [...list]
  }

  /** Lets happen what goes wrong there: before the answer, or after so many pieces of it. Gives an answer of its own. */
  async meet(path: string, signal: AbortSignal, at?: number): Promise<Response | undefined> {
    for (const fault of this.list) {
      if (fault.does === 'echo' || (fault.does === 'fail' ? undefined : fault.at) !== at) continue
      if (!this.#happens(fault, path)) continue
      if (fault.does === 'fail') return failure(fault)
      if (fault.does === 'hang') await raceAbort(new Promise(() => {}), signal)
      throw new CutError('Failed to fetch')
    }
    return undefined
  }

  /** Whether an answer that is continued is begun once more. */
  echoes(path: string): boolean {
    return this.list.some((fault) => fault.does === 'echo' && this.#happens(fault, path))
  }

  #happens(fault: ServerFault, path: string): boolean {
    if ((fault.path ?? path) !== path) return false
    const met = this.#met.get(fault) ?? 0
    this.#met.set(fault, met + 1)
    return met < (fault.times ?? Infinity)
  }
}

function failure({ status, code, retryAfter }: Extract<ServerFault, { does: 'fail' }>): Response {
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
  return errorResponse(status, { message: 'Broken on purpose.', code: code ?? 'on_purpose' }, headers)
}
