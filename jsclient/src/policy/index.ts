/**
 * `@edgewise/client/policy`: the decision as a pure function, for pages and servers that want it alone. It is bundled by
 * itself, so tell its errors by their `name`, or by the core's type guards, not by `instanceof`.
 */
export { type DecideOptions, decide, type PageDecision, POLICY_UNREACHABLE } from './decide.ts'
export { features, type TextFeatures } from './features.ts'
export type { Filter } from './filter.ts'
export { parseParameters } from './model.ts'
export type { Selection } from './model-index.ts'
export { codePoints } from './numbers.ts'
export { DEFAULT_WEIGHTS, score, type Weight, type Weights } from './score.ts'
export { type ModelQuery, ModelSelector } from './selector.ts'
export { parseSnapshot } from './snapshot.ts'
export type { KnownModel } from './state.ts'
export { DEFAULT_MAX_TOKENS, outputTokens, promptTokens } from './tokens.ts'
