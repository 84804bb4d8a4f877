/** A server's files that stop where a test wants them to. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export class Weights {
  /** Requests by the file's number. */
  readonly requests = [0, 0, 0, 0]
  /** How many of the next requests for the third file, with which the second half begins, stop before the first byte. */
  hangs = 0
  readonly #waiting: (() => void)[] = []

  /** Resolves when a request hangs: what is before it is stored by then. */
  readonly halfway: Promise<void>
  #hung = (): void => {}

  constructor() {
    this.halfway = new Promise((resolve) => {
      this.#hung = resolve
    })
  }

  /** What hangs goes on, and nothing hangs any more. */
  release(): void {
    this.hangs = 0
    for (const goOn of this.#waiting.splice(0)) goOn()
  }

  /** "/weights/{id}/{bytes}/{number}" */
  readonly serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, , , size, number] = (request.url ?? '').split('/')
    const index = Number(number)
    this.requests[index] = (this.requests[index] ?? 0) + 1
    response.writeHead(200, { 'content-length': Number(size) }).flushHeaders()
    if (index === 2 && this.hangs > 0) {
      this.hangs--
      this.#hung()
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    response.end(Buffer.alloc(Number(size), 1))
  }
}
