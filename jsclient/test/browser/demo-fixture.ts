/** What every file of demo tests begins with: one browser, one build of the demo, one demo that runs. */
import { after, before } from 'node:test'
import { buildDemo, type Demo, type DemoBuild } from './demo-program.ts'
import { type Harness, type HarnessOptions, startHarness } from './harness.ts'

export interface DemoFixture {
  readonly harness: Harness
  readonly build: DemoBuild
  readonly demo: Demo
}

/** Starts them before the tests of the suite that calls it and ends them after; until then the fixture is empty. */
export function useDemo(options: HarnessOptions = {}): DemoFixture {
  const fixture = {} as { -readonly [Part in keyof DemoFixture]: DemoFixture[Part] }
  before(async () => {
    ;[fixture.harness, fixture.build] = await Promise.all([startHarness(options), buildDemo()])
    fixture.demo = await fixture.build.start()
  })
  after(async () => {
    await fixture.demo.stop()
    await fixture.build[Symbol.asyncDispose]()
    await fixture.harness.close()
  })
  return fixture
}
