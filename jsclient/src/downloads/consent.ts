import { bounded } from '../capability/probe.ts'
import type { LoadRequest } from '../engine/load-gate.ts'
import { EngineError, type EngineErrorCode } from '../errors/engine-error.ts'
import { surface } from '../errors/surface.ts'
import type { PageStorage } from '../page-record.ts'
import type { ModelInfo, NetworkState } from '../wire.ts'
import { AnswerBook, type Asked } from './answers.ts'
import { estimateSeconds, estimateStorage } from './estimate.ts'
import type { DownloadOffer, OfferHandler } from './offer.ts'
import { SharedQuestions } from './shared-questions.ts'

export interface ConsentOptions {
  storage?: PageStorage | undefined
  onOffer?: OfferHandler | undefined
  network: () => Promise<NetworkState | undefined>
}

/** A download that somebody wants. */
interface Wanted {
  readonly model: ModelInfo
  readonly request: Pick<LoadRequest, 'purpose' | 'signal'>
  readonly asked: Asked
}

/** Whether a model may be downloaded: what the user has said, what the connection says, or else the user is asked. */
export class Consent {
  readonly #answers: AnswerBook
  readonly #onOffer: OfferHandler | undefined
  readonly #network: ConsentOptions['network']
  readonly #offers = new SharedQuestions<boolean>()

  constructor({ storage, onOffer, network }: ConsentOptions) {
    this.#answers = new AnswerBook(storage)
    this.#onOffer = onOffer
    this.#network = network
  }

  /** Whether there is somebody to ask. */
  get asks(): boolean {
    return this.#onOffer !== undefined
  }

  /** Resolves when so many bytes may be downloaded. Rejects with an EngineError, or the signal's reason. */
  async require(model: ModelInfo, bytes: number | undefined, request: LoadRequest): Promise<void> {
    if (request.consented) return
    const { purpose, signal } = request
    const network = await bounded(async () => this.#network(), { signal })
    signal.throwIfAborted()
    const metered = network?.metered === true || network?.saveData === true
    const asked: Asked = { bytes, metered }
    const remembered = this.#answers.recall(model.id, asked)
    if (remembered) return
    // A person is behind a preload, who may have come to think otherwise.
    if (remembered === false && !(purpose === 'preload' && this.#onOffer)) throw declined(model)
    if (this.#onOffer) return this.#offer(this.#onOffer, { model, request, asked })
    if (metered) {
      const message = `${model.id} is not downloaded unasked over a connection that is metered or saves data: pass onOffer, or wait`
      throw refusal('metered_network', message)
    }
    if (purpose === 'idle') {
      throw refusal('declined', `${model.id} is not downloaded unasked: pass onOffer, or preload it`)
    }
  }

  /** Forgets what was answered for a model, or for all of them. */
  forget(modelId?: string): void {
    this.#answers.forget(modelId)
  }

  async #offer(onOffer: OfferHandler, wanted: Wanted): Promise<void> {
    const { model, request } = wanted
    const ask = (signal: AbortSignal) => this.#ask(onOffer, wanted, signal)
    if (!(await this.#offers.join(model.id, ask, request.signal))) throw declined(model)
  }

  /** Asks, and remembers the answer, if there is one, and that before the signal aborts. */
  async #ask(onOffer: OfferHandler, { model, request, asked }: Wanted, signal: AbortSignal): Promise<boolean> {
    const storage = await estimateStorage(signal)
    signal.throwIfAborted()
    const { bytes, metered } = asked
    const { purpose } = request
    const seconds = estimateSeconds(bytes)
    const offer: DownloadOffer = { model, bytes, seconds, metered, ...(storage && { storage }), purpose, signal }
    let answer: boolean | undefined
    try {
      answer = await onOffer(offer)
    } catch (error) {
      // A dialog that is closed by the signal may well throw its reason.
      if (!signal.aborted) surface(error)
      return false
    }
    signal.throwIfAborted()
    if (answer === undefined) return false
    const agreed = answer === true
    this.#answers.remember(model.id, asked, agreed)
    return agreed
  }
}

function declined({ id }: ModelInfo): EngineError {
  return refusal('declined', `the download of ${id} was declined; to ask again, preload it`)
}

function refusal(code: EngineErrorCode, message: string): EngineError {
  return new EngineError(message, { stage: 'load', code })
}
