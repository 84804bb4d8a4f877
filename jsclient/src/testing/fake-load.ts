/** How a fake engine brings in what is missing of a model: in steps, with what goes wrong on the way. */
import type { LoadProgress } from '../engine/engine.ts'
import type { EngineFaults, FaultPlace } from './engine-faults.ts'
import type { FakeFile } from './fake-disk.ts'
import { delay } from './turn.ts'

export interface FakeLoad extends FaultPlace {
  /** What is there already; what comes is added to it. */
  file: FakeFile
  faults: EngineFaults
  /** Reports of the download before it is complete. */
  steps: number
  /** How long it takes. */
  ms: number
  onProgress: ((progress: LoadProgress) => void) | undefined
  /** Called with the bytes that have just come. */
  onBytes(count: number): void
}

export async function runLoad({ file, faults, steps, ms, onProgress, onBytes, ...place }: FakeLoad): Promise<void> {
  const { model, signal } = place
  const isCached = file.isWhole
  const reports = isCached ? 1 : steps
  const began = file.bytes
  const totalBytes = isCached ? 0 : Math.max(0, model.sizeBytes - began)
  let loadedBytes = 0

  /** Lets the bytes come, up to that many. What goes wrong on the way is to be met at those it stops at. */
  function* receive(upTo: number): Generator<number, void, undefined> {
    const arrive = (bytes: number): void => {
      onBytes(bytes - loadedBytes)
      loadedBytes = bytes
      file.bytes = Math.max(file.bytes, began + bytes)
    }
    for (const stop of faults.stopsBetween(began + loadedBytes, began + upTo)) {
      arrive(stop - began)
      yield stop
    }
    arrive(upTo)
  }
  const report = (progress: number, stage: LoadProgress['stage']): void => {
    onProgress?.({ progress, stage, ...(totalBytes > 0 && { loadedBytes, totalBytes }) })
    signal.throwIfAborted()
  }

  for (let step = 1; step <= reports; step++) {
    if (step > 1) await delay(ms / reports, signal)
    const progress = step / (reports + 1)
    for (const bytes of receive(Math.floor(progress * totalBytes))) await faults.meet({ bytes }, place)
    report(progress, isCached ? 'load' : 'download')
  }
  await faults.meet('load', place)
  await delay(ms / reports, signal)
  for (const bytes of receive(totalBytes)) await faults.meet({ bytes }, place)
  file.isWhole = true
  report(1, 'load')
}
