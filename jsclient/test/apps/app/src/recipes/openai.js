// snippet:begin
import { openaiFetch } from '@edgewise/client/openai'
import OpenAI from 'openai'

export function makeOpenAI(client) {
  return new OpenAI({
    fetch: openaiFetch(client),
    baseURL: 'https://edgewise.invalid/v1', // no request goes there
    apiKey: 'unused',
    dangerouslyAllowBrowser: true, // which is about keys, and there is none
  })
}

export async function ask(openai, content, show) {
  const messages = [{ role: 'user', content }]
  const stream = await openai.chat.completions.create({ model: 'auto', messages, stream: true })
  for await (const chunk of stream) show(chunk.choices[0]?.delta.content ?? '')
}
// snippet:end
