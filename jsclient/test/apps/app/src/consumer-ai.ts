/** What an app of the AI SDK writes, in TypeScript: compiled, never run. */
import { HybridInferenceClient } from '@edgewise/client'
import { EdgewiseChatTransport, type EdgewiseUIMessage, edgewise, routeOf } from '@edgewise/client/ai'
import { openaiFetch } from '@edgewise/client/openai'
import { type ChatTransport, generateText } from 'ai'

const client = new HybridInferenceClient({ baseURL: '/api/v1' })

export const transport: ChatTransport<EdgewiseUIMessage> = new EdgewiseChatTransport({ client })

export const fetch: typeof globalThis.fetch = openaiFetch(client)

export async function say(prompt: string): Promise<string | undefined> {
  const { text, providerMetadata } = await generateText({ model: edgewise(client)('auto'), prompt })
  return routeOf(providerMetadata)?.source === 'browser' ? text : undefined
}

export function placeOf({ metadata, parts }: EdgewiseUIMessage): string | undefined {
  const [route] = parts.flatMap((part) => (part.type === 'data-edgewise-route' ? [part.data] : []))
  return (metadata?.edgewise ?? route)?.source
}
