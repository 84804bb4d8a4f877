// An answer as it comes, event by event.

import * as answer from './answer.js'
import { answerBegins, serverFailed, tokenCame } from './faults.js'

/**
 * Shows it, and resolves with how it came about.
 *
 * @param {AsyncIterable<import('@edgewise/client').StreamEvent>} events
 * @param {(target: string) => { target: string, reason: string }} decided what the badge says once a target takes over
 * @returns {Promise<import('@edgewise/client').RouteRecord>}
 */
export async function followAnswer(events, decided) {
  answerBegins()
  let [from, to] = ['', '']
  for await (const event of events) {
    switch (event.type) {
      case 'delta':
        answer.addText(event.text, event.source)
        tokenCame(event.source)
        break
      case 'handover':
        ;({ from, to } = event)
        answer.showBadge('running', `${from} failed, now the ${to}`, decided(to))
        if (from === 'server') serverFailed()
        if (event.continues) answer.addJoin(from, to)
        break
      case 'reset':
        answer.beginAgain(from, to)
        break
      case 'done':
        return event.route
    }
  }
  throw new Error('unreachable: a stream ends with done, or throws')
}
