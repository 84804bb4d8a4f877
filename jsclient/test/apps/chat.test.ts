/** The React chat of the examples, built by Vite from its own files. */
import { resolve } from 'node:path'
import * as vite from 'vite8'
import { makeApp, PEERS } from './support/app.ts'
import { describeChat } from './support/chat.ts'

const sources = resolve(import.meta.dirname, '../../../examples/chat')

let root: Promise<string> | undefined

async function build(): Promise<string> {
  const dir = await makeApp('chat', [...PEERS, '@ai-sdk/react', 'react', 'react-dom', 'zod'], sources)
  await vite.build({ root: dir, logLevel: 'error', build: { reportCompressedSize: false } })
  return dir
}

describeChat('the chat of useChat', async (api) => {
  root ??= build()
  const preview = { host: '127.0.0.1', port: 0, proxy: { '/api': api, '/models': api } }
  const server = await vite.preview({ root: await root, logLevel: 'error', preview })
  const [url = ''] = server.resolvedUrls?.local ?? []
  return { url, [Symbol.asyncDispose]: () => server.close() }
})
