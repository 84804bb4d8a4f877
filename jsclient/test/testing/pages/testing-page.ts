/** Runs in Chromium: the kit, as an app's browser tests would have it. */
import { HybridInferenceClient } from '../../../src/index.ts'
import { engineChecks, FakeEngine, FakeServer, VirtualClock } from '../../../src/testing/index.ts'
import { fakeSubject } from '../fake-subject.ts'

export interface Ran {
  passed: number
  failed: string[]
}

/** Runs every check on a fake engine. */
export async function runChecks(): Promise<Ran> {
  const ran: Ran = { passed: 0, failed: [] }
  for (const { name, run } of engineChecks(fakeSubject())) {
    await run().then(
      () => ran.passed++,
      (error) => ran.failed.push(`${name}: ${error}`),
    )
  }
  return ran
}

/** What a client answers where every token takes a virtual minute, and how long that takes. */
export async function answerInVirtualTime() {
  using clock = VirtualClock.install()
  const { baseURL, fetch } = new FakeServer({ tokenMs: 60_000 })
  const engines = [new FakeEngine({ tokenMs: 60_000 })]
  // The browser's own answers take real time, and must not race the timers of a virtual one.
  Object.defineProperty(navigator, 'locks', { value: undefined })
  const detector = { detect: async () => ({}), detectState: async () => ({}) }
  const client = new HybridInferenceClient({ baseURL, fetch, engines, detector })
  await client.initialize()
  const answers = []
  for (const preference of ['always', 'never'] as const) {
    const began = Date.now()
    const { text, source } = await clock.until(client.generate('Hi', { preference, stream: true }))
    answers.push({ text, source, ms: Date.now() - began })
  }
  return answers
}
