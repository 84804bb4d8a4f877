import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newClient, setup, surfacedErrors } from './setup.ts'

describe('the state of the page', () => {
  it('is what is known without a detector that fails', async (t) => {
    const { server, engine } = await setup(t)
    const surfaced = surfacedErrors(t)
    const mistake = new Error('a mistake of the app')
    const fails = [
      () => Promise.reject(mistake),
      () => {
        throw mistake
      },
    ]
    for (const detectState of fails) {
      const client = newClient(t, server, engine, { detector: { detect: async () => ({}), detectState } })
      assert.deepEqual(await client.state(), { mode: 'auto' })
      assert.equal((await client.generate('hi')).source, 'browser')
    }
    assert.ok(surfaced.length >= 2 && surfaced.every((error) => error === mistake))
  })

  it('has what the app predicts of models, unless an engine knows better', async (t) => {
    const predicted = { predictedTokensPerSecondMilli: 9000, failures: 1, status: 'absent' } as const
    const detectState = async () => ({ models: { tiny: predicted, other: predicted } })
    const { client } = await setup(t, {
      engine: { cached: ['tiny'] },
      client: { detector: { detect: async () => ({}), detectState } },
    })
    assert.deepEqual((await client.state()).models, { tiny: predicted, other: predicted })
    await client.initialize()
    const { models } = await client.state()
    assert.deepEqual(models, { tiny: { ...predicted, status: 'cached' }, other: predicted })
  })
})
