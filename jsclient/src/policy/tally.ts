import type { DecisionTarget, ModelInfo, Reason, Target } from '../wire.ts'
import type { Selection } from './model-index.ts'
import type { Verdict } from './policy.ts'

/** A verdict that somebody gave, with the places of who gave it. */
interface Said {
  readonly reason: Reason
  readonly place: number
}

/** What steps two and three of the rule come to. */
export interface Outcome {
  readonly target: DecisionTarget
  readonly reason: Reason
  readonly fallback: Target | undefined
  readonly model: ModelInfo | undefined
  readonly preload: ModelInfo | undefined
}

/** Collects verdicts in the order of forbids and turns them into a decision. */
export class Tally {
  /** The first forbid of each target. */
  readonly #forbidden: { browser?: Said; server?: Said } = {}
  /** Privacy forbade the server. */
  #private = false
  #preferred: (Said & { readonly target: Target }) | undefined

  /** Adds a verdict; `forbid` and `prefer` are its policy's places. */
  count(name: string, forbid: number, prefer: number, verdict: Verdict): void {
    const { reason } = verdict
    if (verdict.forbid) {
      this.#forbidden[verdict.forbid] ??= { reason, place: forbid }
      if (verdict.forbid === 'server' && name === 'privacy') this.#private = true
    }
    if (verdict.prefer && (!this.#preferred || prefer < this.#preferred.place)) {
      this.#preferred = { target: verdict.prefer, reason, place: prefer }
    }
  }

  /** Whether a forbid of the target, given from that place, would change the outcome or its reason. */
  forbidMatters(target: Target, place: number): boolean {
    const said = this.#forbidden[target]
    return !said || place < said.place
  }

  /** Whether a preference given from that place would change the outcome or its reason. */
  preferenceMatters(place: number): boolean {
    if (this.#forbidden.browser || this.#forbidden.server) return false
    return !this.#preferred || place < this.#preferred.place
  }

  outcome(selection: Selection, offline: boolean): Outcome {
    const { browser, server } = this.#forbidden
    const model = browser ? undefined : selection.model
    const preload = selection.status === 'loaded' ? undefined : model
    if (browser && server) {
      const reason = this.#private ? 'local_only_unavailable' : offline ? 'offline' : browser.reason
      return { target: 'none', reason, fallback: undefined, model, preload }
    }
    if (browser) return { target: 'server', reason: browser.reason, fallback: undefined, model, preload }
    if (server) return { target: 'browser', reason: server.reason, fallback: undefined, model, preload }
    const { target, reason } = this.#preferred ?? { target: 'browser', reason: 'optimal_for_browser' }
    return { target, reason, fallback: target === 'browser' ? 'server' : 'browser', model, preload }
  }
}
