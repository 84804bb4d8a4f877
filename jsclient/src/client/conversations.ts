import { defined } from '../defined.ts'
import type { Target } from '../wire.ts'
import type { PreparedRequest } from './prepare.ts'

/** Conversations that are remembered; beyond it those that nothing was asked of for longest are forgotten. */
const MAX_CONVERSATIONS = 256

/** Remembers where the last answer of each conversation was made, so that policies can keep it there. */
export class Conversations {
  readonly #last = new Map<string, Target>()

  /** The request, with what is known of its conversation; what the caller says wins. */
  follow(request: PreparedRequest): PreparedRequest {
    const { info, body } = request
    const lastTarget = info.lastTarget ?? this.#recall(info.conversationId)
    const inToolLoop = info.inToolLoop ?? (body.messages.at(-1)?.role === 'tool' ? lastTarget : undefined)
    return { ...request, info: defined({ ...info, inToolLoop, lastTarget }) }
  }

  /** An answer was made. A local-only one is kept out, since later requests of the conversation may tell the server. */
  answered({ info: { conversationId, privacy } }: PreparedRequest, target: Target): void {
    if (conversationId && privacy !== 'local-only') this.#remember(conversationId, target)
  }

  #recall(id: string | undefined): Target | undefined {
    const target = id && this.#last.get(id)
    if (target) this.#remember(id, target)
    return target || undefined
  }

  /** Makes it the latest: a Map keeps the order of insertion. */
  #remember(id: string, target: Target): void {
    this.#last.delete(id)
    this.#last.set(id, target)
    const [oldest] = this.#last.keys()
    if (this.#last.size > MAX_CONVERSATIONS && oldest !== undefined) this.#last.delete(oldest)
  }
}
