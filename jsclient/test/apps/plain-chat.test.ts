/** The chat of the examples that needs no bundler, served by its own web server. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { makeApp, PEERS } from './support/app.ts'
import { describeChat } from './support/chat.ts'

const sources = resolve(import.meta.dirname, '../../../examples/plain-chat')

let dir: Promise<string> | undefined

describeChat('the chat without a bundler', async (api) => {
  dir ??= makeApp('plain-chat', PEERS, sources)
  const server = spawn(process.execPath, ['serve.js', api, '0'], {
    cwd: await dir,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(createInterface(server.stdout), 'line')) as [string]
  return {
    url: url.replace('localhost', '127.0.0.1'),
    async [Symbol.asyncDispose]() {
      server.kill()
      await once(server, 'exit')
    },
  }
})
