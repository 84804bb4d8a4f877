import { raceAbort } from '../errors/abort.ts'

interface Question<Answer> {
  readonly answer: Promise<Answer>
  readonly controller: AbortController
  waiters: number
}

/** Questions that are asked once, however many wait for the answer. */
export class SharedQuestions<Answer> {
  readonly #open = new Map<string, Question<Answer>>()

  /**
   * Joins the question of that key, or asks it. Its signal aborts when the last of those has gone who wait for the answer.
   * Rejects with one's own signal's reason, or as `ask` does.
   */
  async join(key: string, ask: (signal: AbortSignal) => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted()
    const question = this.#open.get(key) ?? this.#start(key, ask)
    question.waiters++
    try {
      return await raceAbort(question.answer, signal)
    } finally {
      if (--question.waiters === 0) {
        if (this.#open.get(key) === question) this.#open.delete(key)
        question.controller.abort(signal.reason)
      }
    }
  }

  #start(key: string, ask: (signal: AbortSignal) => Promise<Answer>): Question<Answer> {
    const controller = new AbortController()
    const question = { answer: ask(controller.signal), controller, waiters: 0 }
    this.#open.set(key, question)
    return question
  }
}
