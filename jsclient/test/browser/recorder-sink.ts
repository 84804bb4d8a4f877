/** Where every host leads that is not the origin: whatever comes here has left the device. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface Sink extends AsyncDisposable {
  /** For Chromium: makes every host but 127.0.0.1 lead here, whatever its port. */
  readonly flag: string
  /** What came first through each connection, and every datagram, as latin1. A connection alone counts. */
  readonly caught: readonly string[]
}

/** Takes TCP and, for QUIC and STUN, UDP. Never answers. */
export async function startSink(): Promise<Sink> {
  const caught: string[] = []
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    const at = caught.push('') - 1
    socket.once('data', (first) => {
      caught[at] = first.toString('latin1')
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const datagrams = createSocket('udp4', (datagram) => void caught.push(datagram.toString('latin1')))
  datagrams.bind(port, '127.0.0.1')
  await once(datagrams, 'listening')
  return {
    flag: `--host-resolver-rules=MAP * 127.0.0.1:${port}, EXCLUDE 127.0.0.1`,
    caught,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      datagrams.close()
      server.close()
      await once(server, 'close')
    },
  }
}
