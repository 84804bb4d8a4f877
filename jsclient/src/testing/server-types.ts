/** The types of what a client sends, as the real server's decoder insists on them. */
import { isList, isObject, isText } from '../policy/validate.ts'
import type {
  BatteryState,
  ChatCompletionRequest,
  DeviceCapabilities,
  GenerateRequest,
  GPUInfo,
  ModelState,
  NetworkState,
  RequestFeatures,
  RequestNeeds,
  RequestOrigin,
  RouteRequest,
} from '../wire.ts'
import { Refusal } from './server-refusal.ts'

/** A check, and in words what it wants. */
interface Leaf {
  wanted: string
  is: (value: unknown) => boolean
}

/** What members may be: one type each, an object's own, or any number of one by the name "*". */
type Types = Leaf | { readonly [member: string]: Types }

/** The compiler finds the member that was forgotten. */
type TypesOf<T> = { readonly [Member in keyof Required<T>]: Types }

const FLAG: Leaf = { wanted: 'true or false', is: (value) => typeof value === 'boolean' }
const NUMBER: Leaf = { wanted: 'a number', is: (value) => typeof value === 'number' }
const WHOLE: Leaf = { wanted: 'a whole number below 2^53', is: Number.isSafeInteger }
const TEXT: Leaf = { wanted: 'a string', is: isText }
const TEXTS: Leaf = { wanted: 'an array of strings', is: (value) => isList(value, isText) }

const GPU: TypesOf<GPUInfo> = {
  vendor: TEXT,
  architecture: TEXT,
  description: TEXT,
  isFallbackAdapter: FLAG,
  features: TEXTS,
  limits: { '*': NUMBER },
}

const DEVICE: TypesOf<DeviceCapabilities> = {
  hasWebGPU: FLAG,
  hasWebGL2: FLAG,
  hasWebNN: FLAG,
  gpuTier: TEXT,
  gpu: GPU,
  deviceMemoryGB: NUMBER,
  estimatedAvailableRAMGB: NUMBER,
  isMobile: FLAG,
  isTablet: FLAG,
  isDesktop: FLAG,
  browserName: TEXT,
  browserVersion: TEXT,
  storageQuotaMB: NUMBER,
  hardwareConcurrency: NUMBER,
  connectionType: TEXT,
  crossOriginIsolated: FLAG,
  engines: TEXTS,
}

const MODEL: TypesOf<ModelState> = {
  status: TEXT,
  loadMs: NUMBER,
  tokensPerSecondMilli: NUMBER,
  predictedTokensPerSecondMilli: NUMBER,
  ttftMs: NUMBER,
  failures: NUMBER,
}

const BATTERY: TypesOf<BatteryState> = { levelPermille: NUMBER, charging: FLAG }
const NETWORK: TypesOf<NetworkState> = { offline: FLAG, saveData: FLAG, metered: FLAG }
const NEEDS: TypesOf<RequestNeeds> = { tools: FLAG, jsonSchema: FLAG, images: FLAG, logprobs: FLAG, n: WHOLE }
const FEATURES: TypesOf<RequestFeatures> = {
  codePoints: WHOLE,
  messages: WHOLE,
  codeFences: WHOLE,
  digits: WHOLE,
  operators: WHOLE,
  questionWords: WHOLE,
  reasoningVerbs: WHOLE,
  cjk: WHOLE,
}

export const ROUTE: TypesOf<RouteRequest> = {
  capabilities: DEVICE,
  state: { models: { '*': MODEL }, battery: BATTERY, network: NETWORK, mode: TEXT },
  promptLength: WHOLE,
  promptTokens: WHOLE,
  maxTokens: WHOLE,
  complexity: TEXT,
  task: TEXT,
  privacy: TEXT,
  preference: TEXT,
  features: FEATURES,
  needs: NEEDS,
  engines: TEXTS,
  conversationId: TEXT,
  inToolLoop: TEXT,
  lastTarget: TEXT,
  trace: FLAG,
}

const ORIGIN: TypesOf<RequestOrigin> = { decisionId: TEXT, reason: TEXT, fallback: FLAG }

export const GENERATE: TypesOf<GenerateRequest> = {
  prompt: TEXT,
  maxTokens: WHOLE,
  temperature: NUMBER,
  stream: FLAG,
  model: TEXT,
  privacy: TEXT,
  edgewise: ORIGIN,
}

/** What the fake reads of it; the rest is for a model's server to judge. */
export const CHAT: Partial<TypesOf<ChatCompletionRequest>> & Types = {
  model: TEXT,
  messages: { wanted: 'an array of messages', is: (value) => isList(value, isMessage) },
  stream: FLAG,
  stream_options: { include_usage: FLAG },
  stop: { wanted: 'a string or an array of strings', is: (value) => isText(value) || isList(value, isText) },
  n: WHOLE,
  max_tokens: WHOLE,
  max_completion_tokens: WHOLE,
  add_generation_prompt: FLAG,
  privacy: TEXT,
  conversationId: TEXT,
  edgewise: ORIGIN,
}

export const REPORTS: Types = {
  grant: TEXT,
  id: TEXT,
  reports: { wanted: 'an array of objects', is: (value) => isList(value, isObject) },
}

/** Refuses a value that has the wrong type somewhere. Null is as good as nothing, and other members are ignored. */
export function checkTypes(value: unknown, types: Types, param = ''): void {
  if (value === undefined || value === null) return
  if (isLeaf(types)) {
    if (!types.is(value)) wrong(param, types.wanted)
    return
  }
  if (!isObject(value)) wrong(param, 'an object')
  for (const [name, member] of Object.entries(value)) {
    const wanted = types['*'] ?? (Object.hasOwn(types, name) ? types[name] : undefined)
    if (wanted) checkTypes(member, wanted, param ? `${param}.${name}` : name)
  }
}

function isLeaf(types: Types): types is Leaf {
  return typeof types.is === 'function'
}

function wrong(param: string, wanted: string): never {
  const message = `${param || 'the body'} must be ${wanted}`
  throw new Refusal(400, { message, code: 'invalid_type', param: param || null })
}

function isMessage(value: unknown): value is object {
  if (!isObject(value)) return false
  const { content } = value
  return content === undefined || content === null || isText(content) || isList(content, isObject)
}
