/** Everything that is not this machine, as a proxy that lets nothing through and remembers who was asked for. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Outside extends AsyncDisposable {
  /** "host:port", or a URL, of every request so far. */
  readonly asked: string[]
  /** For a context of the browser's: the browser itself asks its maker for this and that. */
  readonly proxy: { server: string; bypass: string }
}

export async function startOutside(): Promise<Outside> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(502).end()
  })
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '')
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    asked,
    proxy: { server: `127.0.0.1:${(server.address() as AddressInfo).port}`, bypass: '127.0.0.1' },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
