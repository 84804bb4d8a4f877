/** What can go wrong with a fake engine. */
import type { EngineEvent } from '../engine/engine.ts'
import { raceAbort } from '../errors/abort.ts'
import type { EngineErrorCode } from '../errors/engine-error.ts'
import { EngineError } from '../errors/engine-error.ts'
import { ModelLoadError } from '../errors/engine-model-load-error.ts'
import { EngineNotInstalledError } from '../errors/engine-not-installed-error.ts'
import { EngineUnsupportedError } from '../errors/engine-unsupported-error.ts'
import type { ModelInfo } from '../wire.ts'

/** Something that goes wrong with a fake engine, each time that it comes to it. */
export type EngineFault = FaultScope &
  (
    | {
        /** Fails, as engines do, with a typed error. */
        does: 'fail'
        at: FaultMoment
        /**
         * Such as "quota_exceeded" or "not_installed". Defaults to "load_failed", "download_failed" or "generate_failed", by
         * the moment.
         */
        code?: EngineErrorCode
        /** What seems to have been thrown underneath. Defaults to none. */
        cause?: unknown
      }
    | {
        /** Says nothing more, but hears an abort. */
        does: 'hang'
        at: FaultMoment
        /** Then it goes on. Defaults to never. */
        until?: Promise<unknown>
      }
    | {
        /** Dies, as if the GPU's device were lost: `lost` resolves, and calls fail with "lost". */
        does: 'die'
        at: number
      }
    | {
        /** Against the contract: throws something that is no EngineError. */
        does: 'throw'
        at: FaultMoment
        value: unknown
      }
    | {
        /** Against the contract: counts a token too many, ends without a `done`, ends with two. */
        does: 'miscount' | 'omit-done' | 'repeat-done'
      }
    | {
        /** Against the contract: begins an answer that it continues with the text that was there. */
        does: 'echo'
      }
  )

/**
 * While a model is loaded, after the download's last report but one; when so many bytes of it are on disk, if the download
 * goes on from there; or when so many tokens of an answer have been handed out.
 */
export type FaultMoment = 'load' | { bytes: number } | number

/** Which model a fault happens to, and how often. */
export interface FaultScope {
  /** Id of the model that it happens to. Defaults to all. */
  model?: string
  /** How often it happens. Defaults to always. */
  times?: number
}

/** Lets faults happen, each as often as it may. */
export class EngineFaults {
  list: EngineFault[]
  readonly #met = new Map<EngineFault, number>()

  constructor(list: readonly EngineFault[] = []) {
    this.list = [...list]
  }

  /** Lets happen what goes wrong at that moment, one after the other. The signal ends what hangs. */
  async meet(at: FaultMoment, { engine, model, signal, die }: FaultPlace): Promise<void> {
    for (const fault of this.list) {
      if (!('at' in fault) || !isSame(fault.at, at) || !this.#happens(fault, model)) continue
      const isDeath = fault.does === 'die' || (fault.does === 'fail' && fault.code === 'lost' && typeof at === 'number')
      if (fault.does === 'throw') throw fault.value
      if (isDeath) die()
      else if (fault.does === 'fail') throw errorOf(fault, engine, model)
      else await raceAbort(fault.until ?? new Promise(() => {}), signal)
      signal.throwIfAborted()
    }
  }

  /** Where downloads stop on the way, because something may go wrong there: bytes from `from` on, and below `to`. */
  stopsBetween(from: number, to: number): number[] {
    const stops = this.list.flatMap((fault) => ('at' in fault && typeof fault.at === 'object' ? fault.at.bytes : []))
    return [...new Set(stops)].filter((bytes) => bytes >= from && bytes < to).sort((a, b) => a - b)
  }

  /** Whether an answer that is continued is begun once more. */
  echoes(model: ModelInfo): boolean {
    return this.list.some((fault) => fault.does === 'echo' && this.#happens(fault, model))
  }

  /** What is left of an answer's end. */
  spoil(done: Done, model: ModelInfo): Done[] {
    const isOfEnds = (fault: EngineFault): boolean => !('at' in fault) && fault.does !== 'echo'
    const does = this.list.find((fault) => isOfEnds(fault) && this.#happens(fault, model))?.does
    if (does === 'omit-done') return []
    if (does === 'repeat-done') return [done, done]
    if (does !== 'miscount') return [done]
    return [{ ...done, usage: { ...done.usage, completionTokens: done.usage.completionTokens + 1 } }]
  }

  #happens(fault: EngineFault, model: ModelInfo): boolean {
    const met = this.#met.get(fault) ?? 0
    if ((fault.model ?? model.id) !== model.id || met >= (fault.times ?? Infinity)) return false
    this.#met.set(fault, met + 1)
    return true
  }
}

type Done = Extract<EngineEvent, { type: 'done' }>

/** Where a fault happens. */
export interface FaultPlace {
  /** The engine's name. */
  engine: string
  model: ModelInfo
  signal: AbortSignal
  /** Ends the model; the signal aborts with it. */
  die(): void
}

/** Of the class that engines throw for the code. */
function errorOf(
  { at, code, cause }: Extract<EngineFault, { does: 'fail' }>,
  engine: string,
  model: ModelInfo,
): EngineError {
  const message = 'broken on purpose'
  if (code === 'not_installed') return new EngineNotInstalledError(`${engine}-package`, cause)
  if (code === 'unsupported') return new EngineUnsupportedError(engine, 'messages', message)
  if (typeof at === 'number') {
    return new EngineError(message, { stage: 'generate', code: code ?? 'generate_failed', cause })
  }
  const byDefault = at === 'load' ? 'load_failed' : 'download_failed'
  return new ModelLoadError(model.id, message, { code: code ?? byDefault, cause })
}

function isSame(one: FaultMoment, other: FaultMoment): boolean {
  return typeof one === 'object' && typeof other === 'object' ? one.bytes === other.bytes : one === other
}
