import type { RequestInfo } from '../wire.ts'
import type { PolicyFactory } from './policy.ts'
import { outputTokens } from './tokens.ts'

/**
 * Prefers the server for requests that a small model answers badly. What the app declares wins over any estimate; only
 * undeclared requests are measured. Options: `maxPromptLength` (code points, default 2,000), `maxOutputTokens` (default
 * 500).
 */
export const complexity: PolicyFactory = (options) => {
  const maxPromptLength = options.count('maxPromptLength', 2000)
  const maxOutputTokens = options.count('maxOutputTokens', 500)
  const tooComplex = (request: RequestInfo): boolean => {
    switch (request.complexity) {
      case 'simple':
      case 'medium':
        return false
      case 'complex':
        return true
      default:
        return request.promptLength > maxPromptLength || outputTokens(request) > maxOutputTokens
    }
  }
  return {
    evaluate: ({ request }) => (tooComplex(request) ? { prefer: 'server', reason: 'request_too_complex' } : undefined),
    explain: ({ request }) => ({
      promptLength: request.promptLength,
      maxPromptLength,
      outputTokens: outputTokens(request),
      maxOutputTokens,
    }),
  }
}
