import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { decide, parseSnapshot } from '../../src/policy/index.ts'
import type { ModelInfo, ReportBatch, RouteRequest, RouteResponse, Snapshot } from '../../src/wire.ts'

/** A request as it reached the server. */
export interface Seen {
  path: string
  body: string
}

/** What the server of a test does. */
export interface Behaviour {
  snapshot?: Partial<Snapshot>
  /** Changes the decision. */
  route?: (decision: RouteResponse) => Partial<RouteResponse>
  /** The version of the wire that the server says it speaks; "" = it says none. Defaults to "1.1". */
  version?: string
  /** HTTP status of `/browser/route`, of `/browser/policy`, of `/chat/completions`. */
  routeStatus?: number
  policyStatus?: number
  chatStatus?: number
  /** Pieces of the streamed answer. */
  pieces?: string[]
  /** Breaks the stream after that many pieces. */
  breakAt?: number
  /** Never answers a chat. */
  hang?: boolean
}

export const MODEL: ModelInfo = {
  id: 'tiny',
  name: 'Tiny',
  framework: 'fake',
  parameters: '10M',
  quantization: 'q8',
  sizeBytes: 1_000_000,
  contextWindow: 512,
  minRAMGB: 0.1,
  minDeviceTier: 'mobile',
  capabilities: ['chat'],
}

export const SNAPSHOT: Snapshot = {
  schema: 1,
  revision: 'r1',
  maxAge: 300,
  staleIfUnreachable: 3600,
  policies: [
    { name: 'enabled' },
    { name: 'capability', options: { allowCPU: true, minRAMGB: 0.1 } },
    { name: 'privacy' },
    { name: 'preference' },
    { name: 'readiness', options: { wait: true } },
    { name: 'complexity' },
  ],
  models: [MODEL],
  limits: {},
  subject: { rolloutBucket: 0, server: { continuation: 'none' } },
  grant: { id: 'g', token: 'grant-token', expires: 4_000_000_000, maxReports: 100 },
}

export interface WireServer {
  baseURL: string
  seen: Seen[]
  behaviour: Behaviour
  /** Requests to a path, parsed. */
  bodies<T>(path: string): T[]
  reports(): ReportBatch['reports']
  stop(): Promise<void>
}

/** A real server on the loopback interface that speaks the wire and writes down every byte that it gets. */
export async function wireServer(t: TestContext, behaviour: Behaviour = {}): Promise<WireServer> {
  const seen: Seen[] = []
  const state = { behaviour }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const path = (request.url ?? '').replace('/api/v1', '')
      seen.push({ path, body: Buffer.concat(chunks).toString() })
      const { version = '1.1' } = state.behaviour
      if (version) response.setHeader('x-edgewise-version', version)
      answer(response, path, seen.at(-1)?.body ?? '', state.behaviour)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  t.after(stop)
  const bodies = <T>(path: string): T[] =>
    seen.filter((one) => one.path === path).map((one) => JSON.parse(one.body) as T)
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`,
    seen,
    get behaviour() {
      return state.behaviour
    },
    set behaviour(next) {
      state.behaviour = next
    },
    bodies,
    reports: () => bodies<ReportBatch>('/browser/analytics').flatMap(({ reports }) => reports),
    stop,
  }
}

function answer(response: ServerResponse, path: string, body: string, behaviour: Behaviour): unknown {
  const snapshot = { ...SNAPSHOT, ...behaviour.snapshot }
  const status = { '/browser/route': behaviour.routeStatus, '/browser/policy': behaviour.policyStatus }[path]
  if (status) return fail(response, status)
  if (path === '/browser/policy') return send(response, snapshot)
  if (path === '/browser/analytics') return send(response, { accepted: 1, duplicates: 0, dropped: 0 }, 202)
  if (path === '/browser/route') {
    const { state = {}, ...request } = JSON.parse(body) as RouteRequest
    const { undecidable: _, ...decision } = decide(parseSnapshot(snapshot), state, request)
    const answered: RouteResponse = { ...decision, decisionId: 'd1', policyRevision: snapshot.revision }
    return send(response, { ...answered, ...behaviour.route?.(answered) })
  }
  if (path !== '/chat/completions') return fail(response, 404)
  if (behaviour.chatStatus) return fail(response, behaviour.chatStatus)
  if (behaviour.hang) return undefined
  return chat(
    response,
    JSON.parse(body) as { stream?: boolean; stream_options?: { include_usage?: boolean } },
    behaviour,
  )
}

function chat(
  response: ServerResponse,
  request: { stream?: boolean; stream_options?: { include_usage?: boolean } },
  { pieces = ['Hello', ' from', ' afar'], breakAt }: Behaviour,
): unknown {
  const head = { id: 'c1', created: 1, model: 'server-model' }
  const usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 }
  if (!request.stream) {
    const message = { role: 'assistant', content: pieces.join(''), refusal: null }
    const choices = [{ index: 0, message, finish_reason: 'stop', logprobs: null }]
    return send(response, { ...head, object: 'chat.completion', choices, usage })
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const chunk = (delta: object, finish: string | null = null): string =>
    JSON.stringify({
      ...head,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: finish }],
    })
  const lines = [chunk({ role: 'assistant', content: '' }), ...pieces.map((content) => chunk({ content }))]
  if (breakAt !== undefined) {
    for (const line of lines.slice(0, breakAt + 1)) response.write(`data: ${line}\n\n`)
    // After what was written has left, so that the client sees it.
    return setTimeout(() => response.destroy(), 20)
  }
  lines.push(chunk({}, 'stop'))
  if (request.stream_options?.include_usage) {
    lines.push(JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [], usage }))
  }
  for (const line of [...lines, '[DONE]']) response.write(`data: ${line}\n\n`)
  return response.end()
}

function send(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

function fail(response: ServerResponse, status: number): void {
  const type = status === 401 ? 'authentication_error' : status < 500 ? 'invalid_request_error' : 'server_error'
  send(response, { error: { message: 'Broken on purpose.', type, code: 'on_purpose', param: null } }, status)
}
