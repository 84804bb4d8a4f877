/** What users have answered to offers, remembered. */
import { PageRecord, type PageStorage } from '../page-record.ts'
import { isObject } from '../policy/validate.ts'

/** A download that was offered. */
export interface Asked {
  /** Undefined = nobody could say. */
  readonly bytes: number | undefined
  readonly metered: boolean
}

interface Answer {
  readonly agreed: boolean
  readonly bytes?: number
}

/** The last answer by the kind of connection that it counts on. */
interface Answers {
  readonly free?: Answer
  readonly metered?: Answer
}

const KEY = 'edgewise.consent'
const VERSION = 1
/** Models whose answers are kept; the one that was answered longest ago goes first. */
const MAX_MODELS = 256

export class AnswerBook {
  readonly #record: PageRecord
  /** What the storage did not take, because it is absent, blocked or full. Lasts as long as this object. */
  #unstored: ReadonlyMap<string, Answers> | undefined

  constructor(storage: PageStorage | undefined) {
    this.#record = new PageRecord(storage, KEY, VERSION)
  }

  /** Whether the user agreed; undefined = never asked, or agreed to less than this. */
  recall(model: string, { bytes, metered }: Asked): boolean | undefined {
    const answer = this.#read().get(model)?.[kind(metered)]
    if (!answer?.agreed) return answer?.agreed
    const isEnough = bytes === undefined ? answer.bytes === undefined : bytes <= (answer.bytes ?? -1)
    return isEnough || undefined
  }

  /** A yes on a metered connection counts on any other too, and a no on any other on a metered one too. */
  remember(model: string, { bytes, metered }: Asked, agreed: boolean): void {
    const answer: Answer = { agreed, ...(bytes !== undefined && { bytes }) }
    const answers = new Map(this.#read())
    const old = answers.get(model)
    answers.delete(model)
    answers.set(model, metered === agreed ? { free: answer, metered: answer } : { ...old, [kind(metered)]: answer })
    this.#write(answers)
  }

  /** Forgets the answers for a model, or all of them. */
  forget(model?: string): void {
    const answers = new Map(model === undefined ? [] : this.#read())
    if (model !== undefined) answers.delete(model)
    this.#write(answers)
  }

  /** Read each time: another tab may have asked since. */
  #read(): ReadonlyMap<string, Answers> {
    return this.#unstored ?? parse(this.#record.read())
  }

  #write(answers: ReadonlyMap<string, Answers>): void {
    const models = [...answers].slice(-MAX_MODELS).map(([id, kinds]) => ({ id, ...kinds }))
    const isStored = this.#record.write(models.length === 0 ? undefined : { models })
    this.#unstored = isStored ? undefined : new Map(models.map(({ id, ...kinds }) => [id, kinds]))
  }
}

function kind(metered: boolean): keyof Answers {
  return metered ? 'metered' : 'free'
}

/** What can't be read is as if it had never been asked. */
function parse({ models: found }: Readonly<Record<string, unknown>>): ReadonlyMap<string, Answers> {
  const models: unknown[] = Array.isArray(found) ? found.slice(-MAX_MODELS) : []
  return new Map(
    models.flatMap((model) => {
      if (!isObject(model) || typeof model.id !== 'string') return []
      const { id, free, metered } = model
      return [[id, { ...(isAnswer(free) && { free }), ...(isAnswer(metered) && { metered }) }] as const]
    }),
  )
}

function isAnswer(value: unknown): value is Answer {
  if (!isObject(value) || typeof value.agreed !== 'boolean') return false
  return value.bytes === undefined || Number.isSafeInteger(value.bytes)
}
