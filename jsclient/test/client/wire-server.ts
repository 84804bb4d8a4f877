import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { FakeServer, type FakeServerOptions } from '../../src/testing/fake-server.ts'
import { testModel } from '../../src/testing/model.ts'
import type { ServerFault } from '../../src/testing/server-faults.ts'
import { testSnapshot } from '../../src/testing/snapshot.ts'
import { WIRE_VERSION } from '../../src/transport/version.ts'
import type { ModelInfo, PolicySpec, Report, Snapshot } from '../../src/wire.ts'

/** A request as it reached the server. */
export interface Seen {
  path: string
  body: string
}

/** What the server of a test does, in few words. */
export interface Behaviour extends Pick<FakeServerOptions, 'version' | 'route'> {
  snapshot?: Partial<Snapshot>
  /** HTTP status of `/browser/route`, of `/browser/policy`, of `/chat/completions`. */
  routeStatus?: number
  policyStatus?: number
  chatStatus?: number
  /** Breaks the stream after that many pieces. */
  breakAt?: number
  /** Never answers a chat. */
  hang?: boolean
}

export const MODEL: ModelInfo = testModel()

/** A policy that only the server can evaluate, and that may say anything: with it the page must ask about each request. */
export const SERVER_ONLY: PolicySpec = { name: 'acme.word', opaque: true }

/** By default the server has the last word, so that what it says about a request is seen on the way. */
export const SNAPSHOT: Snapshot = testSnapshot({
  policies: [...testSnapshot().policies, SERVER_ONLY],
  staleIfUnreachable: 3600,
})

export interface WireServer {
  baseURL: string
  seen: Seen[]
  behaviour: Behaviour
  /** Requests to a path, parsed. */
  bodies<T>(path: string): T[]
  reports(): Report[]
  stop(): Promise<void>
}

/** The kit's server on the loopback interface, that lives as long as the test. */
export async function wireServer(t: TestContext, behaviour: Behaviour = {}): Promise<WireServer> {
  const fake = new FakeServer()
  const behave = (next: Behaviour): void => {
    behaviour = next
    fake.snapshot = testSnapshot({ ...SNAPSHOT, ...next.snapshot })
    fake.faults = faultsOf(next)
    fake.route = next.route
    fake.version = next.version ?? WIRE_VERSION
  }
  behave(behaviour)
  const server = createServer(serve(fake))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  t.after(stop)
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`,
    seen: fake.requests,
    get behaviour() {
      return behaviour
    },
    set behaviour(next) {
      behave(next)
    },
    bodies: (path) => fake.bodies(path),
    reports: () => fake.reports(),
    stop,
  }
}

function faultsOf({ routeStatus, policyStatus, chatStatus, breakAt, hang }: Behaviour): ServerFault[] {
  const fails = (path: string, status: number | undefined): ServerFault[] =>
    status === undefined ? [] : [{ does: 'fail', path, status }]
  return [
    ...fails('/browser/route', routeStatus),
    ...fails('/browser/policy', policyStatus),
    ...fails('/chat/completions', chatStatus),
    ...(breakAt === undefined ? [] : [{ does: 'cut', path: '/chat/completions', at: breakAt } as const]),
    ...(hang ? [{ does: 'hang', path: '/chat/completions' } as const] : []),
  ]
}

/** A handler that answers as the kit's server does. */
export function serve({ fetch, baseURL }: FakeServer) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const left = new AbortController()
    response.on('close', () => left.abort())
    const { method = 'GET', url = '/', headers } = request
    const body = await text(request)
    try {
      const answer = await fetch(new URL(url, baseURL), {
        method,
        headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
        ...(body !== '' && { body }),
        signal: left.signal,
      })
      response.writeHead(answer.status, Object.fromEntries(answer.headers))
      for await (const bytes of answer.body ?? []) response.write(bytes)
      response.end()
    } catch {
      // After what was written has left, so that the client sees it.
      setTimeout(() => response.destroy(), 20)
    }
  }
}
