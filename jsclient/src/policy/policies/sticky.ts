import { flag } from '../options.ts'
import { policy } from '../policy.ts'

/**
 * Prefers the target that the request follows on: a tool loop stays where it began, because the results of a tool belong
 * to the model that called it. With `conversations` a whole conversation stays where its last answer was made.
 */
export const sticky = policy({ conversations: flag }, ({ request }, { conversations }) => {
  const stay = request.inToolLoop || (conversations && request.lastTarget)
  return stay ? { prefer: stay, reason: 'sticky' } : {}
})
