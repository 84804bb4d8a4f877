/** WebLLM's progress, which starts again with each phase and has no bytes, as one that only rises. */
import type { LoadProgress } from '../../engine/engine.ts'
import type { InitProgressReport } from './peer.ts'

/** Reading or fetching the weights is this share of a load; the rest compiles shaders. */
const WEIGHTS_SHARE = 0.85

export function toProgress({ progress, text }: InitProgressReport): LoadProgress {
  if (/shader/i.test(text)) return { stage: 'load', progress: WEIGHTS_SHARE + progress * (1 - WEIGHTS_SHARE) }
  if (/^finish/i.test(text)) return { stage: 'load', progress: 1 }
  return { stage: /fetch/i.test(text) ? 'download' : 'load', progress: progress * WEIGHTS_SHARE }
}
