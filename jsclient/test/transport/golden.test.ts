// What the Go service really answers, from the golden files that its own tests write: the client must read all of it,
// and neither side may know a field that the other does not.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { isServerError } from '../../src/errors/server-error.ts'
import { decide } from '../../src/policy/decide.ts'
import { parseSnapshot } from '../../src/policy/snapshot.ts'
import { ServerTransport } from '../../src/transport/server.ts'
import type {
  BatteryState,
  DeviceCapabilities,
  GenerateRequest,
  GenerateResponse,
  GPUInfo,
  GPULimits,
  Grant,
  ModelInfo,
  ModelRequirements,
  ModelState,
  ModelSupport,
  NetworkState,
  PolicySpec,
  Report,
  ReportReceipt,
  RequestFeatures,
  RequestNeeds,
  RequestOrigin,
  RouteRequest,
  RouteResponse,
  Savings,
  Snapshot,
  SnapshotLimits,
  SnapshotSubject,
  State,
  SubjectBudget,
  SubjectPrices,
  SubjectServer,
  Tally,
  TallyBySource,
  TraceStep,
} from '../../src/wire.ts'
import { loopback, sendEvents, sendJSON } from './loopback.ts'

interface Golden {
  name: string
  method: string
  path: string
  request?: Record<string, unknown>
  status: number
  response?: Record<string, unknown>
  events?: unknown[]
}

const folder = path.resolve(import.meta.dirname, '../../../hybrid/testdata/golden')
const goldens: Golden[] = readdirSync(folder).map((file) => ({
  name: path.basename(file, '.json'),
  ...(JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Omit<Golden, 'name'>),
}))

function golden(name: string): Golden {
  const found = goldens.find((one) => one.name === name)
  assert.ok(found, `${name}.json is missing`)
  return found
}

/** Every field of a wire type: a field that is added to the type and not here does not compile. */
type Fields<T> = { [Name in keyof Required<T>]: Nested<NonNullable<T[Name]>> }
// biome-ignore lint/suspicious/noExplicitAny: a shape may hold any other
type Nested<T> = true | Fields<T> | (T extends readonly any[] ? Fields<T[number]> : never)

const model: Fields<ModelInfo> = {
  id: true,
  name: true,
  framework: true,
  parameters: true,
  quantization: true,
  sizeBytes: true,
  contextWindow: true,
  minRAMGB: true,
  minDeviceTier: true,
  capabilities: true,
  downloadURL: true,
  requires: { gpu: true, features: true, minBufferBytes: true } satisfies Fields<ModelRequirements>,
  supports: { tools: true, jsonSchema: true, images: true, logprobs: true, n: true } satisfies Fields<ModelSupport>,
  source: true,
  origin: true,
  license: true,
  sha256: true,
  integrity: true,
  disabled: true,
}
const device: Fields<DeviceCapabilities> = {
  hasWebGPU: true,
  hasWebGL2: true,
  hasWebNN: true,
  gpuTier: true,
  gpu: {
    vendor: true,
    architecture: true,
    description: true,
    isFallbackAdapter: true,
    features: true,
    limits: {
      maxBufferSize: true,
      maxStorageBufferBindingSize: true,
      maxStorageBuffersPerShaderStage: true,
      maxComputeWorkgroupStorageSize: true,
    } satisfies Fields<GPULimits>,
  } satisfies Fields<GPUInfo>,
  deviceMemoryGB: true,
  estimatedAvailableRAMGB: true,
  isMobile: true,
  isTablet: true,
  isDesktop: true,
  browserName: true,
  browserVersion: true,
  storageQuotaMB: true,
  hardwareConcurrency: true,
  connectionType: true,
  crossOriginIsolated: true,
  engines: true,
}
const modelState: Fields<ModelState> = {
  status: true,
  loadMs: true,
  tokensPerSecondMilli: true,
  predictedTokensPerSecondMilli: true,
  ttftMs: true,
  failures: true,
}
const state: Fields<State> = {
  models: true, // by id: checked apart
  battery: { levelPermille: true, charging: true } satisfies Fields<BatteryState>,
  network: { offline: true, saveData: true, metered: true } satisfies Fields<NetworkState>,
  mode: true,
}
const routeRequest: Fields<RouteRequest> = {
  capabilities: device,
  state,
  promptLength: true,
  promptTokens: true,
  maxTokens: true,
  complexity: true,
  task: true,
  privacy: true,
  preference: true,
  features: {
    codePoints: true,
    messages: true,
    codeFences: true,
    digits: true,
    operators: true,
    questionWords: true,
    reasoningVerbs: true,
    cjk: true,
  } satisfies Fields<RequestFeatures>,
  needs: { tools: true, jsonSchema: true, images: true, logprobs: true, n: true } satisfies Fields<RequestNeeds>,
  conversationId: true,
  inToolLoop: true,
  lastTarget: true,
  trace: true,
}
const step: Fields<TraceStep> = {
  step: true,
  by: true,
  said: true,
  target: true,
  detail: true,
  remaining: true,
  failed: true,
}
const routeResponse: Fields<RouteResponse> = {
  target: true,
  useBrowser: true,
  reason: true,
  modelInfo: model,
  alternates: model,
  fallback: true,
  preload: true,
  continuation: true,
  decisionId: true,
  policyRevision: true,
  trace: step,
}
const limits: Fields<SnapshotLimits> = {
  allowSoftwareGPU: true,
  maxModelBytes: true,
  disabledEngines: true,
  maxFailures: true,
  minTokensPerSecondMilli: true,
  fastTokensPerSecondMilli: true,
}
const subject: Fields<SnapshotSubject> = {
  tier: true,
  rolloutBucket: true,
  budget: { remainingMicroUSD: true, hard: true } satisfies Fields<SubjectBudget>,
  prices: {
    promptMicroUSDPerMTok: true,
    completionMicroUSDPerMTok: true,
    egressMicroUSDPerGB: true,
  } satisfies Fields<SubjectPrices>,
  server: { unavailable: true, continuation: true } satisfies Fields<SubjectServer>,
}
const spec: Fields<PolicySpec> = { name: true, options: true, opaque: true, effects: true, whenUnreachable: true }
const grant: Fields<Grant> = { id: true, token: true, expires: true, maxReports: true }
const snapshot: Fields<Snapshot> = {
  schema: true,
  revision: true,
  maxAge: true,
  staleIfUnreachable: true,
  policies: spec,
  first: true,
  limits,
  models: model,
  subject,
  grant,
}
const report: Fields<Report> = {
  id: true,
  target: true,
  modelId: true,
  framework: true,
  reason: true,
  promptTokens: true,
  completionTokens: true,
  latencyMs: true,
  ttftMs: true,
  tokensPerSecondMilli: true,
  success: true,
  errorCode: true,
  fallback: true,
  decidedBy: true,
  decisionId: true,
  startedAt: true,
}
const generateRequest: Fields<GenerateRequest> = {
  prompt: true,
  maxTokens: true,
  temperature: true,
  stream: true,
  model: true,
  privacy: true,
  edgewise: { decisionId: true, reason: true, fallback: true } satisfies Fields<RequestOrigin>,
}
const generateResponse: Fields<GenerateResponse> = {
  text: true,
  tokensUsed: { promptTokens: true, completionTokens: true, totalTokens: true },
  finishReason: true,
  latency: true,
  source: true,
  model: true,
}
const tally: Fields<Tally> = {
  requests: true,
  failures: true,
  promptTokens: true,
  completionTokens: true,
  costMicroUSD: true,
  avoidedMicroUSD: true,
  suspect: true,
}
const bySource: Fields<TallyBySource> = { browser: tally, server: tally }
const savings: Fields<Savings> = {
  scope: true,
  from: true,
  until: true,
  total: tally,
  bySource,
  byModel: true, // by a name, as the next two are: checked apart
  byReason: true,
  byDay: true,
}
const receipt: Fields<ReportReceipt> = { accepted: true, duplicates: true, dropped: true }

/** Paths in value that the shape does not know. */
function unknown(value: unknown, shape: object | true, at: string): string[] {
  if (shape === true || typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((one, i) => unknown(one, shape, `${at}[${i}]`))
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = (shape as Record<string, object | true>)[name]
    return known ? unknown(inner, known, `${at}.${name}`) : [`${at}.${name}`]
  })
}

/** Paths in the shape that value does not have. */
function absent(value: unknown, shape: object | true, at: string): string[] {
  if (shape === true) return []
  return Object.entries(shape as Record<string, object | true>).flatMap(([name, inner]) => {
    const found = (value as Record<string, unknown> | undefined)?.[name]
    return found === undefined ? [`${at}.${name}`] : absent(found, inner, `${at}.${name}`)
  })
}

describe('the golden files of the Go service', () => {
  const shapes: [name: string, request: object | true, response: object | true][] = [
    ['browser-models', true, { revision: true, models: model }],
    ['policy', true, snapshot],
    ['generate', generateRequest, generateResponse],
    ['generate.stream', generateRequest, true],
    ['analytics.batch', { grant: true, reports: report }, receipt],
    ['analytics.single', { grant: true, ...report }, receipt],
    ['savings', true, savings],
    ['savings.all', true, savings],
    ...goldens
      .filter(({ name }) => name.startsWith('route.'))
      .map(({ name }): [string, object, object] => [name, routeRequest, routeResponse]),
  ]
  for (const [name, request, response] of shapes) {
    it(`${name} has no field that the types lack`, () => {
      const one = golden(name)
      assert.deepEqual(
        [...unknown(one.request, request, 'request'), ...unknown(one.response, response, 'response')],
        [],
      )
    })
  }

  it('route.everything has every field that the types have', () => {
    const { request } = golden('route.everything')
    assert.deepEqual(absent(request, routeRequest, 'request'), [])
    const { models } = (request as unknown as RouteRequest).state ?? {}
    const [first] = Object.values(models ?? {})
    assert.deepEqual([...absent(first, modelState, 'state'), ...unknown(models?.['big-3b'], modelState, 'state')], [])
  })

  it('savings have every field that the types have', () => {
    const { response } = golden('savings')
    const { byModel, byReason, byDay } = response as unknown as Savings
    assert.deepEqual(absent(response, savings, 'savings'), [])
    for (const sums of [byModel, byReason, byDay]) {
      assert.ok(Object.keys(sums).length > 0)
      assert.deepEqual(
        Object.entries(sums).flatMap(([name, one]) => unknown(one, bySource, name)),
        [],
      )
    }
  })

  it('the snapshot can be used', () => {
    assert.equal(parseSnapshot(golden('policy').response).revision, golden('policy').response?.revision)
  })

  it('the page decides on route.everything as the service did, and explains it alike', () => {
    const { request, response } = golden('route.everything')
    const { state = {}, trace, ...asked } = request as unknown as RouteRequest
    const { decisionId: _, policyRevision: __, ...want } = response as unknown as RouteResponse
    const { undecidable, ...decision } = decide(parseSnapshot(golden('policy').response), state, asked, { trace })
    assert.deepEqual(JSON.parse(JSON.stringify(decision)), want)
    assert.ok(want.trace)
    assert.deepEqual(undecidable, [])
  })

  it('errors arrive with status, code and field', async (t) => {
    const errors = goldens.filter(
      ({ status, path: at, method }) => status >= 400 && at === '/browser/route' && method === 'POST',
    )
    assert.ok(errors.length >= 4)
    for (const { status, response } of errors) {
      const { baseURL } = await loopback(t, (reply) => sendJSON(reply, response, status))
      const transport = new ServerTransport({ baseURL })
      const error = await transport.route({ capabilities: {}, promptLength: 1 }).catch((caught: unknown) => caught)
      assert.ok(isServerError(error))
      const said = (response as { error: { code: string; param: string | null } }).error
      assert.deepEqual([error.status, error.code, error.param ?? null], [status, said.code, said.param])
    }
  })

  it('a stream is read to its end', async (t) => {
    const events = golden('chat.stream').events ?? []
    const { baseURL } = await loopback(t, (reply) =>
      sendEvents(reply, [...events.map((event) => JSON.stringify(event)), '[DONE]']),
    )
    let text = ''
    let usage: unknown
    const body = { messages: [{ role: 'user' as const, content: 'hello world' }] }
    for await (const chunk of new ServerTransport({ baseURL }).chatStream(body)) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    assert.equal(text, 'HELLO WORLD')
    assert.ok(usage)
  })
})
