/** Fits the rest of an answer, which another target made, behind the text that was handed out already. */
import { createStopFinder } from '../engine/stop.ts'

/** What the rest passes on its way. */
export interface Join {
  /** Takes the next piece; gives what may be handed out. */
  push(text: string): string
  /** What was held back, when nothing more comes. */
  end(): string
  /** A stop text was found, which the text so far may have begun: the answer is complete. */
  readonly stopped: boolean
  /** The target had repeated the text so far, all of it. */
  readonly echoed: boolean
}

/**
 * `said` is the message that is gone on with. A repetition of it is taken out if it is exact and whole, since some servers
 * answer so; less than that is taken for the answer's own words. A stop that began in `said` ends the answer, but what of
 * it was handed out can't be taken back; engines hold such a beginning back, so there is none as a rule.
 */
export function createJoin(said: string, stops: readonly string[]): Join {
  const finder = createStopFinder(stops)
  let owed = said.length - finder.push(said).length
  /** Text that may still grow into a repetition; undefined = that is settled. */
  let echo: string | undefined = ''
  let echoed = false

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
    get echoed() {
      return echoed
    },
    push(text) {
      if (echo === undefined) return pass(text)
      echo += text
      if (echo.length < said.length && said.startsWith(echo)) return ''
      echoed = echo.startsWith(said)
      const rest = echoed ? echo.slice(said.length) : echo
      echo = undefined
      return pass(rest)
    },
    end() {
      const rest = echo === undefined ? '' : pass(echo)
      echo = undefined
      return rest + finder.flush().slice(owed)
    },
  }
}
