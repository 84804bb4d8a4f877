/** What a local-only request holds, a word of its own in each place, so that a leak tells where it came from. */
export const CANARIES = {
  system: 'canary7q9xsystem',
  user: 'canary7q9xuser',
  arguments: 'canary7q9xarguments',
  result: 'canary7q9xresult',
  stop: 'canary7q9xstop',
  answer: 'canary7q9xanswer',
}

/** Of a request that may leave the device. */
export const FREE = 'sparrow4k2w'

/** What the fake engine says, and what it says is whole. */
export const ANSWER = `So ${CANARIES.answer} sings, and ${CANARIES.answer} sings again.`
