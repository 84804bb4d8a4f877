/**
 * The wire, version 1.2: what the page and the Go service send each other, in JSON. The Go side and `openapi.yaml` are
 * its other copies; golden files that both read keep them equal. Every optional field that is absent means *unknown*,
 * never *none*; a field that a reader does not know is ignored. Numbers are integers below 2^53 unless the comment gives
 * another unit.
 */
import type { OpenAIChatRequest } from './chat.ts'

export type * from './chat.ts'

/** A string with known values that stays open to new ones; editors still complete the known values. */
export type OpenString<Known extends string> = Known | (string & Record<never, never>)

/** Where a request may run. */
export type Target = 'browser' | 'server'

/** Where a request shall run; `none` when every target is forbidden. */
export type DecisionTarget = Target | 'none'

/** Whether a target can go on with an answer that another target began. */
export type Continuation = 'native' | 'none'

/** The engine that runs a model. An app's own has a slash in its name: "acme/mlx". */
export type Framework = OpenString<'webllm' | 'transformers.js' | 'wllama' | 'onnx' | 'prompt-api'>

/** Rough class of a GPU for language models; see `GPU_TIERS` for which device gets which. */
export type GPUTier = 'none' | 'low' | 'medium' | 'high'

/** What a model asks of a device. */
export type DeviceTier = 'mobile' | 'desktop' | 'high-end'

/** Why a decision came out as it did. Custom policies add their own, as `^[a-z][a-z0-9_.]{0,63}$`. */
export type Reason = OpenString<
  | 'optimal_for_browser'
  | 'browser_inference_disabled'
  | 'insufficient_device_capabilities'
  | 'no_compatible_browser_model'
  | 'model_too_large'
  | 'context_window_exceeded'
  | 'feature_unsupported'
  | 'metered_network'
  | 'browser_unhealthy'
  | 'too_slow'
  | 'local_only'
  | 'local_only_unavailable'
  | 'user_disabled_browser'
  | 'user_prefers_browser'
  | 'budget_exhausted'
  | 'tier_browser_only'
  | 'tier_server_only'
  | 'tier_prefers_browser'
  | 'tier_prefers_server'
  | 'server_unavailable'
  | 'offline'
  | 'sticky'
  | 'model_not_ready'
  | 'low_battery'
  | 'task_prefers_browser'
  | 'request_too_complex'
  | 'cheaper_in_browser'
  | 'cheaper_on_server'
  | 'policy_unreachable'
>

/** Body of every error response, in OpenAI's shape. */
export interface ErrorBody {
  error: { message: string; type: ErrorType; code: string | null; param: string | null }
}

/** Whose fault an error is, in OpenAI's words. */
export type ErrorType = OpenString<
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'rate_limit_error'
  | 'insufficient_quota'
  | 'server_error'
>

/** A WebGPU adapter. */
export interface GPUInfo {
  /** Such as "nvidia". */
  vendor?: string
  /** Such as "ampere". */
  architecture?: string
  /** What else the driver says; mostly empty. */
  description?: string
  /** A software adapter, such as SwiftShader. */
  isFallbackAdapter?: boolean
  /** WebGPU feature names, sorted, such as "shader-f16". */
  features?: string[]
  /** Those that matter to language models. */
  limits?: GPULimits
}

/** The adapter limits that language models run into: bytes, except the buffer count. */
export interface GPULimits {
  /** Largest buffer, bytes. */
  maxBufferSize?: number
  /** Largest part of a buffer that a shader sees, bytes. */
  maxStorageBufferBindingSize?: number
  /** Buffers that a shader takes. */
  maxStorageBuffersPerShaderStage?: number
  /** Memory that a workgroup shares, bytes. */
  maxComputeWorkgroupStorageSize?: number
}

/** What a browser says about the machine it runs on. */
export interface DeviceCapabilities {
  /** An adapter was handed out; `navigator.gpu` alone is not enough. */
  hasWebGPU?: boolean
  /** A WebGL2 context can be made. */
  hasWebGL2?: boolean
  /** `navigator.ml` is there. */
  hasWebNN?: boolean
  /** The GPU's class, by the rules of `GPU_TIERS`. */
  gpuTier?: GPUTier
  /** The WebGPU adapter. Absent without one. */
  gpu?: GPUInfo
  /** `navigator.deviceMemory`, GiB. Chromium only; coarse, and capped by the browser. */
  deviceMemoryGB?: number
  /** What a model may use, GiB: half of `deviceMemoryGB`, else a guess by form factor. */
  estimatedAvailableRAMGB?: number
  /** A phone. */
  isMobile?: boolean
  /** A tablet, those with iPadOS and with a desktop's user agent too. */
  isTablet?: boolean
  /** A desktop or a laptop. */
  isDesktop?: boolean
  /** By what it says of itself, in an order that sees through borrowed names. */
  browserName?: OpenString<'chrome' | 'edge' | 'firefox' | 'safari' | 'opera' | 'samsung' | 'unknown'>
  /** Major version, such as "156". */
  browserVersion?: string
  /** MiB that this origin may still store. Advisory: the write is what fails. */
  storageQuotaMB?: number
  /** Logical cores. */
  hardwareConcurrency?: number
  /** `navigator.connection.type`, else `effectiveType`: "wifi", "cellular", "ethernet", "4g", … */
  connectionType?: string
  /** Whether WebAssembly may have threads. */
  crossOriginIsolated?: boolean
  /** Names of the engines that the page has. Absent = any. */
  engines?: string[]
}

/** absent: not on this device; cached: on disk; loaded: resident in memory. */
export type ModelStatus = 'absent' | 'cached' | 'loaded'

/** What the page knows about one model. */
export interface ModelState {
  /** Absent = unknown. */
  status?: ModelStatus
  /** Expected time to load when cached, ms. */
  loadMs?: number
  /** Measured decoding speed, thousandths of a token per second. */
  tokensPerSecondMilli?: number
  /**
   * Decoding speed to expect where none was measured, thousandths of a token per second. The client predicts the most that
   * the GPU's memory permits, once it has looked at that; a `detectState` of the app's own may know better.
   */
  predictedTokensPerSecondMilli?: number
  /** Measured time to the first token, ms. */
  ttftMs?: number
  /** Recent failures on this device. */
  failures?: number
}

/** The battery, where the browser tells. */
export interface BatteryState {
  /** 0..1000 */
  levelPermille: number
  /** Absent = unknown; the level is then of no use. */
  charging?: boolean
}

/** The connection, where the browser tells. */
export interface NetworkState {
  /** The browser says that there is no connection. Its opposite proves nothing. */
  offline?: boolean
  /** The user asked to save data. */
  saveData?: boolean
  /** The connection is paid for by volume, as far as the browser tells. */
  metered?: boolean
}

/** The user's own switch. */
export type UserMode = 'auto' | 'always' | 'never'

/** What the page alone knows. */
export interface State {
  /** By model id. */
  models?: Record<string, ModelState>
  /** Absent = no battery, or not known. */
  battery?: BatteryState
  /** Absent = not known, which forbids nothing. */
  network?: NetworkState
  /** Defaults to "auto". */
  mode?: UserMode
}

/**
 * Counts over a prompt's text; never the text. All but `messages` are taken over at most 8,192 code points at its head
 * and as many at its tail. Absent = 0.
 */
export interface RequestFeatures {
  /** How many were looked at: what the other counts are a share of. */
  codePoints?: number
  /** Of the whole conversation. */
  messages?: number
  /** Runs of three backticks or more; a block of code has two. */
  codeFences?: number
  /** ASCII digits. */
  digits?: number
  /** `+/*=<>^%|&~×÷` and the block Mathematical Operators. */
  operators?: number
  /** English question words, such as "why". */
  questionWords?: number
  /** English verbs that ask for reasoning, such as "prove". */
  reasoningVerbs?: number
  /** Code points of scripts with about one token a character, and emoji. */
  cjk?: number
}

/** What the engine must be able to do to honour the request. */
export interface RequestNeeds {
  /** Call tools. Defaults to false. */
  tools?: boolean
  /** Constrain its output to a JSON Schema. Defaults to false. */
  jsonSchema?: boolean
  /** Take images. Defaults to false. */
  images?: boolean
  /** Tell the log probabilities of tokens. Defaults to false. */
  logprobs?: boolean
  /** Number of choices. */
  n?: number
}

/** How hard a request is. "auto" leaves it to the estimate. */
export type Complexity = 'auto' | 'simple' | 'medium' | 'complex'

/** What deciding needs to know about a request: counts and wishes, never its text. */
export interface RequestInfo {
  /** Unicode code points. */
  promptLength: number
  /** Known token count; wins over an estimate. */
  promptTokens?: number
  /** Most tokens to generate. Defaults to 256. */
  maxTokens?: number
  /** Defaults to "auto". */
  complexity?: Complexity
  /** Named task, such as "classification". UTF-8 bytes: 200 at most. */
  task?: string
  /** "local-only" forbids the server. Defaults to "". */
  privacy?: '' | 'local-only'
  /** The user's wish for this request. Defaults to "auto". */
  preference?: UserMode
  /** Counts over the prompt. Absent = the lengths alone decide. */
  features?: RequestFeatures
  /** Defaults to nothing but text. */
  needs?: RequestNeeds
  /**
   * The page's engines that can honour this very request: no model of another engine is chosen. For what `needs` has no
   * word for, such as a temperature or a seed. 16 at most, of 1 to 64 bytes. Absent = all that the page has. Since
   * version 1.2.
   */
  engines?: Framework[]
  /** UTF-8 bytes: 200 at most. */
  conversationId?: string
  /** The target that began the tool loop which this request goes on with. */
  inToolLoop?: Target
  /** The target that made the conversation's last answer. */
  lastTarget?: Target
}

/** What is decided on: a request, and the device that it would run on. */
export interface DecisionRequest extends RequestInfo {
  /** Absent = nothing is known. */
  capabilities?: DeviceCapabilities
}

/** Body of POST `{prefix}/browser/route`. */
export interface RouteRequest extends DecisionRequest {
  capabilities: DeviceCapabilities
  /** What the page knows. Absent = nothing. */
  state?: State
  /** Ask for the trace. Defaults to false. */
  trace?: boolean
}

/** One line of a decision's explanation. */
export interface TraceStep {
  step: OpenString<'filter' | 'forbid' | 'prefer' | 'abstain' | 'error' | 'outcome'>
  /** The filter or policy; "candidate" is the choice of a model, "rule" the decision rule. */
  by: string
  /** The reason it gave. */
  said?: string
  /** What it forbids or prefers, or the outcome. */
  target?: DecisionTarget
  /** The numbers it used. */
  detail?: Record<string, number>
  /** Models left after a filter. */
  remaining?: number
  /** The policy failed: this is what it counts as because of that. */
  failed?: boolean
}

/** Where a request shall run, and why. */
export interface Decision {
  target: DecisionTarget
  /** `target === 'browser'`, for older clients. */
  useBrowser: boolean
  reason: Reason
  /** The model to run when the target is the browser. */
  modelInfo?: ModelInfo
  /** Up to three more models that fit, best first. */
  alternates?: ModelInfo[]
  /** The other target, when it is permitted. Never present otherwise. */
  fallback?: Target
  /** Id of a model worth loading in the background. */
  preload?: string
  /** Whether the server can go on with an answer that the browser began. */
  continuation: Continuation
  /** How it came about, step by step; when asked for. */
  trace?: TraceStep[]
}

/** Answer of POST `{prefix}/browser/route`. */
export interface RouteResponse extends Decision {
  /** Names the decision to the server that made it, and proves who it was made for. Opaque; of no fixed length. */
  decisionId: string
  policyRevision: string
}

/** What a model needs of the machine. */
export interface ModelRequirements {
  /** Defaults to "webgpu" for webllm, and to "none" for any other engine. */
  gpu?: 'none' | 'webgpu'
  /** WebGPU features, such as "shader-f16". */
  features?: string[]
  /** Least `maxBufferSize` and `maxStorageBufferBindingSize`, bytes. */
  minBufferBytes?: number
}

/** What a model's engine can honour. Absent = no, except `n`, which is then 1. */
export interface ModelSupport {
  /** Calls tools. */
  tools?: boolean
  /** Constrains its output to a JSON Schema. */
  jsonSchema?: boolean
  /** Takes images. */
  images?: boolean
  /** Tells the log probabilities of tokens. */
  logprobs?: boolean
  /** Most choices of one request. */
  n?: number
}

/** An entry of the registry: what a model is, what it needs, where it lies, which engine runs it. */
export interface ModelInfo {
  id: string
  name: string
  framework: Framework
  /** Number of parameters with its unit: "3.8B", "350M". */
  parameters?: string
  /** Such as "q4f16_1". */
  quantization?: string
  /** Bytes to download; 0 = unknown. */
  sizeBytes: number
  /** Tokens of prompt and answer together. */
  contextWindow: number
  /** Memory it needs, GiB. */
  minRAMGB?: number
  /** Absent = any device. */
  minDeviceTier?: DeviceTier
  /** What it is good at: "chat", "code", … A request's task is matched against it. */
  capabilities?: string[]
  /** Where a person can look at the model. */
  downloadURL?: string
  /** Absent = what its engine needs, no more. */
  requires?: ModelRequirements
  /** Absent = one answer in plain text. */
  supports?: ModelSupport
  /** Strings for its engine, such as modelId, dtype, device, file, modelLib, repo. */
  source?: Record<string, string>
  /** Where each figure is from, by field; "unverified" when nobody measured it. */
  origin?: Record<string, string>
  /** SPDX identifier, or the licence's name. */
  license?: string
  /** Checksums by file, lower-case hex. */
  sha256?: Record<string, string>
  /** Subresource Integrity by file: "sha256-", "sha384-" or "sha512-" and base64. */
  integrity?: Record<string, string>
  /** Kill switch. */
  disabled?: boolean
}

/** Answer of GET `{prefix}/browser/models`. */
export interface ModelList {
  revision: string
  models: ModelInfo[]
}

/** Everything that a policy may say. */
export interface PolicyEffects {
  /** Absent = none. */
  forbid?: Target[]
  /** Absent = none. */
  prefer?: Target[]
}

/** A policy as data. An opaque one is code on the server: only its possible effects are known here. */
export interface PolicySpec {
  name: string
  /** As the built-in policy of that name takes them. Absent = its defaults. */
  options?: Record<string, unknown>
  /** It is code of the app's. Defaults to false. */
  opaque?: boolean
  /** Absent on an opaque policy = anything. */
  effects?: PolicyEffects
  /** What an opaque policy counts as when the server can't be asked. Defaults to "abstain". */
  whenUnreachable?: 'abstain' | 'forbid'
}

/** The operator's bounds on what may run in a browser. */
export interface SnapshotLimits {
  /** Lets a software adapter satisfy a WebGPU need. Defaults to false. */
  allowSoftwareGPU?: boolean
  /** Largest download. Defaults to 0, no limit. */
  maxModelBytes?: number
  /** Kill switch by engine. */
  disabledEngines?: string[]
  /** Recent failures that take a model out of the choice. Defaults to 3. */
  maxFailures?: number
  /** Measured speed under which a model is not chosen, thousandths of a token per second. Defaults to 0, no floor. */
  minTokensPerSecondMilli?: number
  /**
   * Speed, measured or else predicted, under which a model stands behind others, thousandths of a token per second; one
   * whose speed is unknown does not. Defaults to 5000, about as fast as people read.
   */
  fastTokensPerSecondMilli?: number
}

/** The server's facts about the asking identity. */
export interface SnapshotSubject {
  /** `Identity.Tier`. Absent = none. */
  tier?: string
  /** 0..9999, stable for the identity. */
  rolloutBucket: number
  /** Absent = without limit. */
  budget?: SubjectBudget
  /** Absent = unknown. */
  prices?: SubjectPrices
  server: SubjectServer
}

/** What the identity may still spend. */
export interface SubjectBudget {
  /** Millionths of a US dollar; 0 or less = spent. */
  remainingMicroUSD: number
  /** Nothing is generated on the server once it is spent. Defaults to false. */
  hard?: boolean
}

/** What the operator pays, millionths of a US dollar, 0..1,000,000,000 each. */
export interface SubjectPrices {
  /** A million prompt tokens on the server. */
  promptMicroUSDPerMTok: number
  /** A million completion tokens on the server. */
  completionMicroUSDPerMTok: number
  /** 10^9 bytes of a model sent to a page. */
  egressMicroUSDPerGB: number
}

/** What the server says of its own side. */
export interface SubjectServer {
  /** No backend takes requests. Defaults to false. */
  unavailable?: boolean
  /** Whether it can go on with a partial answer. Defaults to "none". */
  continuation?: Continuation
}

/** The signed right to report. */
export interface Grant {
  id: string
  token: string
  /** Unix seconds. */
  expires: number
  maxReports: number
}

/** Policies, models and facts as data, so that the page can decide alone. Answer of GET `{prefix}/browser/policy`. */
export interface Snapshot {
  schema: 1
  revision: string
  /** Seconds after which it is revalidated. Defaults to 300. */
  maxAge?: number
  /** Seconds for which it may be used when the server can't be reached. Defaults to 2592000, 30 days. */
  staleIfUnreachable?: number
  /** In the order of forbids. */
  policies: PolicySpec[]
  /** Names policies, built-in ones too, whose preferences count before all others, in this order. */
  first?: string[]
  models: ModelInfo[]
  /** Absent = the defaults of each. */
  limits?: SnapshotLimits
  subject: SnapshotSubject
  /** Absent = reports are not wanted. */
  grant?: Grant
}

/** What the page tells the server after it generated locally: counts and times, never text. */
export interface Report {
  /** `<grantId>.<n>`; counts once. */
  id: string
  target: 'browser'
  modelId: string
  /** The engine that ran the model. */
  framework?: Framework
  reason: Reason
  promptTokens: number
  completionTokens: number
  /** Whole time, ms. */
  latencyMs: number
  /** From its start to the first token, ms. */
  ttftMs?: number
  /** Decoding speed, thousandths of a token per second. */
  tokensPerSecondMilli?: number
  success: boolean
  /** Why it failed: an `EngineErrorCode`, never a message. */
  errorCode?: string
  /** Another target was tried first. Defaults to false. */
  fallback?: boolean
  decidedBy: 'page' | 'server'
  /** The server's decision, where it made one. Only that makes `decidedBy` "server" in the ledger. Since version 1.1. */
  decisionId?: string
  /** Unix ms. */
  startedAt: number
}

/** Body of POST `{prefix}/browser/analytics`. */
export interface ReportBatch {
  /** The grant's token. */
  grant: string
  reports: Report[]
}

/** Answer of POST `{prefix}/browser/analytics`. */
export interface ReportReceipt {
  accepted: number
  duplicates: number
  dropped: number
}

/** Query of GET `{prefix}/browser/savings`, since version 1.1. */
export interface SavingsQuery {
  /** The caller's own answers, or everybody's, which only an auditor may see. Defaults to "own". */
  scope?: 'own' | 'all'
  /** When the period begins: "2026-11-01", which is midnight UTC, or a time of RFC 3339. Defaults to no beginning. */
  from?: string
  /** When it ends, itself left out. Defaults to no end. */
  until?: string
}

/** Answer of GET `{prefix}/browser/savings`: sums over the answers of a period, by what the member names. */
export interface Savings {
  scope: 'own' | 'all'
  /** RFC 3339, UTC. Absent = no beginning. */
  from?: string
  /** RFC 3339, UTC. Absent = no end. */
  until?: string
  total: Tally
  bySource: TallyBySource
  byModel: Record<string, TallyBySource>
  /** Answers without a reason are left out. */
  byReason: Record<string, TallyBySource>
  /** Days in UTC, such as "2026-11-23". */
  byDay: Record<string, TallyBySource>
}

/** Who answered. A source without answers is absent. */
export type TallyBySource = Partial<Record<Target, Tally>>

/** A sum over answers, failed ones too. */
export interface Tally {
  requests: number
  /** Of the requests. */
  failures: number
  promptTokens: number
  completionTokens: number
  /** What they cost, millionths of a US dollar at the prices of their time. */
  costMicroUSD: number
  /** What those in browsers would have cost on the server. */
  avoidedMicroUSD: number
  /** Reports whose claims can't be true. They are in none of the other sums. */
  suspect: number
}

/**
 * What the page says of why a request came to the server, for the ledger. Codes, never text; it reaches no model. All
 * that is absent is unknown.
 */
export interface RequestOrigin {
  /** The server's decision, where it made one. */
  decisionId?: string
  /** The decision's; anything but a code is refused. */
  reason?: Reason
  /** Another target was tried first. Defaults to false. */
  fallback?: boolean
}

/** Body of POST `{prefix}/chat/completions`: OpenAI's fields, and ours, which go no further than our server. */
export interface ChatCompletionRequest extends OpenAIChatRequest {
  /** A "local-only" request is refused: it should not have come. */
  privacy?: '' | 'local-only'
  /** Requests of one conversation go where its prefix is cached. UTF-8 bytes: 200 at most. */
  conversationId?: string
  /** Since version 1.1: `ServerTransport` leaves it out until the server says that it speaks that. */
  edgewise?: RequestOrigin
}

/** Body of POST `{prefix}/generate`. */
export interface GenerateRequest {
  prompt: string
  /** Most tokens to generate. Defaults to what the model and the app allow. */
  maxTokens?: number
  /** As the model takes it, mostly 0..2. Defaults to the model's own. */
  temperature?: number
  /** Answer in pieces, as server-sent events. Defaults to false. */
  stream?: boolean
  /** Defaults to "auto", the server's own choice. */
  model?: string
  /** A "local-only" request is refused: it should not have come. */
  privacy?: '' | 'local-only'
  /** Since version 1.1. */
  edgewise?: RequestOrigin
}

/** Answer of POST `{prefix}/generate`. */
export interface GenerateResponse {
  text: string
  tokensUsed: { promptTokens: number; completionTokens: number; totalTokens: number }
  finishReason: string
  /** ms */
  latency: number
  source: 'server'
  model: string
}
