/**
 * The browser's sessions. Each conversation gets one of its own, as a session remembers whatever it was asked; the last
 * is kept for the turn that goes on exactly from it, which then costs its own tokens only.
 */
import { onAbort } from '../../engine/abort.ts'
import { raceAbort } from '../../errors/abort.ts'
import type { CreateOptions, LanguageModelAPI, Session } from './peer.ts'
import { destroy } from './peer.ts'

/** All that a session's answer depends on: its sampling and every prompt, as texts that are equal when they say the same. */
export type Script = readonly string[]

/** How much of the script is new to somebody who knows another one; 0 when it does not go on from that. */
export function added(script: Script, known: Script): number {
  return known.every((text, index) => text === script[index]) ? script.length - known.length : 0
}

/** Creates a session that ends with its signal: not every browser sees to that. */
export function openSession(api: LanguageModelAPI, options: CreateOptions): Promise<Session> {
  const { signal } = options
  const creating = api.create(options).then((session) => {
    onAbort(signal, () => destroy(session))
    return session
  })
  return raceAbort(creating, signal)
}
