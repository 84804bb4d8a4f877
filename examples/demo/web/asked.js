// What the fields of the form ask for.

import { byId } from './dom.js'

export const prompt = /** @type {HTMLTextAreaElement} */ (byId('prompt'))
const complexity = /** @type {HTMLSelectElement} */ (byId('complexity'))
const maxTokens = /** @type {HTMLInputElement} */ (byId('max-tokens'))
const localOnly = /** @type {HTMLInputElement} */ (byId('local-only'))

maxTokens.addEventListener('change', () => {
  maxTokens.value = String(asked().maxTokens)
})

/** What Generate would ask now, the number brought into its own range. */
export function asked() {
  const wanted = Math.round(Number(maxTokens.value)) || Number(maxTokens.defaultValue)
  return {
    text: prompt.value.trim(),
    maxTokens: Math.min(Math.max(wanted, Number(maxTokens.min)), Number(maxTokens.max)),
    complexity: /** @type {import('@edgewise/client').Complexity} */ (complexity.value),
    privacy: /** @type {'' | 'local-only'} */ (localOnly.checked ? 'local-only' : ''),
  }
}
