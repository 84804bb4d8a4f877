// snippet:begin
import { edgewise, routeOf } from '@edgewise/client/ai'
import { streamText } from 'ai'

export async function ask(client, prompt, show) {
  let failure
  const { textStream, providerMetadata } = streamText({
    model: edgewise(client)(),
    prompt,
    onError: ({ error }) => (failure = error), // the stream itself just ends
  })
  for await (const text of textStream) show(text)
  if (failure) throw failure
  return routeOf(await providerMetadata)?.source
}
// snippet:end
