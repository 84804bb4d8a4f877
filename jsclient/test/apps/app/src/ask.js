/** The page of every app: loads a model, asks it, and says who answered, and how the load failed if it did. */
import { HybridInferenceClient } from '@edgewise/client'

export async function ask(engine, model, prompt, options) {
  const client = new HybridInferenceClient({ baseURL: '/api/v1', engines: [engine] })
  try {
    const failure = await client.preload(model).then(() => undefined, describe)
    const { text, source } = await client.generate(prompt, { temperature: 0, ...options })
    return { text, source, ...(failure && { failure }) }
  } finally {
    await client.dispose()
  }
}

function describe({ name, code, message }) {
  return { name, code, message }
}
