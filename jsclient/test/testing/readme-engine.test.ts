/** What README.md says of testing an engine of one's own. */
import { test } from 'node:test'
import type { EngineRequest } from '../../src/engine/engine.ts'
import { engineChecks, FakeEngine, testModel } from '../../src/testing/index.ts'

const engines: FakeEngine[] = []
const answer = ({ temperature = 0, topP = 1, seed = 0 }: EngineRequest): string => {
  const drawn = temperature > 0 && topP > 0.01 ? seed : 0
  return Array.from({ length: 20 }, (_, i) => `w${i}s${drawn}`).join(' ')
}

function mine(): FakeEngine {
  const engine = new FakeEngine({ name: 'acme/mine', answer })
  engines.push(engine)
  return engine
}

const tokensSoFar = (): number => engines.reduce((sum, { generated }) => sum + generated, 0)

// snippet:begin
const checks = engineChecks({
  create: () => mine(),
  model: testModel({ framework: 'acme/mine' }),
  request: { messages: [{ role: 'user', content: 'Count to twenty' }], maxTokens: 64, temperature: 0 },
  generatedTokens: () => tokensSoFar(), // counted where they are made, so that an abort can be seen
})
for (const { name, run } of checks) test(name, (t) => run(t))
// snippet:end
