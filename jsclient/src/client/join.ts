/** Fits the rest of an answer, which another target made, behind the text that was handed out already. */
import { createStopFinder } from '../engine/stop.ts'

/** What a rest is to fit behind. */
export interface JoinOptions {
  /** The message that is gone on with, whoever wrote it. */
  message: string
  /** The part of it that was answered: where a stop may have begun. */
  said: string
  /** Texts that end the answer. */
  stops: readonly string[]
}

/** What the rest passes on its way. */
export interface Join {
  /** Takes the next piece; gives what may be handed out. */
  push(text: string): string
  /** What was held back, when nothing more comes. */
  end(): string
  /** A stop text was found, which the text so far may have begun: the answer is complete. */
  readonly stopped: boolean
  /** The target has repeated the message, all of it, or has not said anything else yet. */
  readonly echoes: boolean
}

/**
 * A repetition of the message is taken out if it is exact and whole, since some servers answer so; less than that is taken
 * for the answer's own words. A stop that began before the join ends the answer, but what of it was handed out can't be
 * taken back; engines hold such a beginning back, so there is none as a rule.
 */
export function createJoin({ message, said, stops }: JoinOptions): Join {
  const finder = createStopFinder(stops)
  let owed = said.length - finder.push(said).length
  /** Text that may still grow into a repetition; undefined = that is settled. */
  let echo: string | undefined = ''
  let echoes = true

  const pass = (text: string): string => {
    const out = finder.push(text)
    const known = Math.min(owed, out.length)
    owed -= known
    return out.slice(known)
  }

  return {
    get stopped() {
      return finder.stopped
    },
    get echoes() {
      return echoes && echo !== ''
    },
    push(text) {
      if (echo === undefined) return pass(text)
      echo += text
      if (echo.length < message.length && message.startsWith(echo)) return ''
      echoes = echo.startsWith(message)
      const rest = echoes ? echo.slice(message.length) : echo
      echo = undefined
      return pass(rest)
    },
    end() {
      const rest = echo === undefined ? '' : pass(echo)
      if (echo !== undefined) echoes = false
      echo = undefined
      return rest + finder.flush().slice(owed)
    },
  }
}
