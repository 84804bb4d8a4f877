/** The public list of the core entry, `@edgewise/client`. */

export {
  ASSUMED_RAM_GB,
  CapabilityDetector,
  type CapabilityDetectorOptions,
  type DetectOptions,
} from './capability/detector.ts'
export type { DetectorEnvironment } from './capability/environment.ts'
export { GPU_TIERS, type GPUTierRule } from './capability/gpu-tier.ts'
export { mergeDevices } from './capability/merge.ts'
export { detectState } from './capability/state.ts'

export type { ChatCompletionStream, ChatCompletions, RoutedChatCompletion } from './client/chat.ts'
export { HybridInferenceClient } from './client/client.ts'
export type { GenerateResult } from './client/generate.ts'
export type {
  ChatRequest,
  ClientOptions,
  ClientStorage,
  DetectedState,
  DeviceDetector,
  GenerateOptions,
  HybridInferenceClientOptions,
  RoutedDecision,
  RoutingOptions,
  WaitOptions,
} from './client/options.ts'
export type { DebugExport, RouteLogEntry } from './client/route-log.ts'
export type { ClientPhase, ClientStatus } from './client/status.ts'
export type { Removed } from './downloads/library.ts'
export type { DownloadOffer, OfferHandler, StoredModel } from './downloads/offer.ts'
export type {
  Engine,
  EngineEvent,
  EngineRequest,
  EngineStore,
  EngineSupport,
  EngineUsage,
  GenerateOptions as EngineGenerateOptions,
  LoadedModel,
  LoadOptions,
  LoadProgress,
  StatusOptions,
} from './engine/engine.ts'
export type { LoadPurpose } from './engine/load-gate.ts'
export type { ManagedLoadOptions, ManagedModel } from './engine/manager-options.ts'

export { isAbortError } from './errors/abort.ts'
export { EdgewiseError, isEdgewiseError } from './errors/edgewise-error.ts'
export {
  EngineError,
  type EngineErrorCode,
  type EngineErrorOptions,
  type EngineStage,
  isEngineError,
} from './errors/engine-error.ts'
export { EngineLostError, isEngineLostError } from './errors/engine-lost-error.ts'
export { isModelLoadError, ModelLoadError } from './errors/engine-model-load-error.ts'
export { EngineNotInstalledError, isEngineNotInstalledError } from './errors/engine-not-installed-error.ts'
export { EngineUnsupportedError, isEngineUnsupportedError } from './errors/engine-unsupported-error.ts'
export { InvalidRequestError, isInvalidRequestError } from './errors/invalid-request-error.ts'
export { isNetworkError, NetworkError } from './errors/network-error.ts'
export { isNoTargetError, NoTargetError } from './errors/no-target-error.ts'
export { isServerError, ServerError } from './errors/server-error.ts'
export { isSnapshotError, SnapshotError, type SnapshotErrorCode } from './errors/snapshot-error.ts'
export {
  isStreamInterruptedError,
  type Resume,
  type StreamAttempt,
  StreamInterruptedError,
} from './errors/stream-interrupted-error.ts'
export { isUnauthorizedError, UnauthorizedError } from './errors/unauthorized-error.ts'

export type { Selection } from './policy/model-index.ts'
export { type ModelQuery, ModelSelector } from './policy/selector.ts'
export type { KnownModel } from './policy/state.ts'

export type { RouteAttempt, RoutedStream, RouteRecord, StreamEvent } from './routed.ts'

export type { HeadersFunction, ServerTransportOptions } from './transport/http.ts'
export { type CallOptions, type PolicyOptions, type PolicyResponse, ServerTransport } from './transport/server.ts'
export type * from './wire.ts'
