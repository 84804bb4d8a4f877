import type { CoreOptions, Expected } from './peer.ts'

export const ENGINE_NAME = 'prompt-api'

/** Options of `promptAPI()`. */
export interface PromptAPIOptions {
  /**
   * The app vouches that prompts stay on the device. The API doesn't tell: its specification allows a browser, or a
   * polyfill, to ask a cloud service. Without it no `local-only` request comes here. Defaults to false.
   */
  onDevice?: boolean
  /**
   * Languages of prompts and answers, BCP 47 tags such as "en"; the browser says at load whether it can. Chrome warns on
   * the console when none is named. Defaults to whatever the browser tries.
   */
  languages?: readonly string[]
  /** Takes images, as `data:` URLs, where the browser's model does; where not, nothing loads. Defaults to false. */
  images?: boolean
  /**
   * Pages can't set a temperature; some browsers let them choose a sampling mode. "approximate" maps 0 to
   * "most-predictable", up to 0.5 to "predictable", up to 1 to "balanced", up to 1.5 to "creative" and the rest to
   * "most-creative". The figures are ours, and nobody promises that the first is greedy. Without modes, and without this
   * option, a request with a temperature is refused. Extensions set it exactly and don't need this. Defaults to refusal.
   */
  temperature?: 'approximate'
  /** Milliseconds without a token after which a generation fails as "stalled"; 0 = never. Defaults to 60,000. */
  stallMs?: number
}

/** New objects each time: the browser's are said to be its own to canonicalize. */
export function coreOptions({ languages, images }: PromptAPIOptions): CoreOptions {
  const text = (): Expected => ({ type: 'text', ...(languages && { languages: [...languages] }) })
  return { expectedInputs: images ? [text(), { type: 'image' }] : [text()], expectedOutputs: [text()] }
}
