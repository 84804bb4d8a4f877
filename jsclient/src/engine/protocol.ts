/**
 * The messages between a page and an engine that it hosts in a worker. Both ends are built from the same release as a
 * rule; `version` catches the page that runs with a worker of another one.
 */
import type { EngineErrorCode, EngineStage } from '../errors/engine-error.ts'
import type { ModelInfo } from '../wire.ts'
import type { EngineEvent, EngineRequest, LoadProgress } from './engine.ts'

/** Raised whenever a message changes its meaning. */
export const PROTOCOL_VERSION = 1

/**
 * How many tokens a worker may be ahead of its caller. It waits there, so that a caller who stops has at most this many
 * tokens made in vain, however busy the machine is.
 */
export const MAX_TOKENS_AHEAD = 4

/** How many tokens a caller is done with before the worker is told: fewer messages, and still room to be ahead. */
export const SEEN_AT_ONCE = 2

/** Page to worker. `id` names a call; the config is the engine's own and must be cloneable. */
export type HostMessage<Config> =
  | { edgewise: number; kind: 'hello' }
  | { edgewise: number; kind: 'ping' }
  | { edgewise: number; kind: 'load'; id: number; model: ModelInfo; config: Config }
  | { edgewise: number; kind: 'generate'; id: number; request: EngineRequest }
  /** The caller is done with this many more tokens of the answer. */
  | { edgewise: number; kind: 'seen'; id: number; tokens: number }
  | { edgewise: number; kind: 'abort'; id: number }
  | { edgewise: number; kind: 'unload'; id: number }

/** Worker to page. Every call ends with exactly one `end` or `error`. */
export type PageMessage =
  /** Told once or more; with the name of the lock that the worker holds while it lives, once it has one. */
  | { edgewise: number; kind: 'ready'; lock?: string }
  | { edgewise: number; kind: 'pong' }
  | { edgewise: number; kind: 'progress'; id: number; progress: LoadProgress }
  | { edgewise: number; kind: 'events'; id: number; events: EngineEvent[] }
  | { edgewise: number; kind: 'end'; id: number }
  | { edgewise: number; kind: 'error'; id: number; error: ErrorMessage }
  | { edgewise: number; kind: 'fatal'; error: ErrorMessage }

/** An error as it crosses the boundary: clones of Error subclasses lose their class and their fields. */
export interface ErrorMessage {
  name: string
  message: string
  stage: EngineStage
  code: EngineErrorCode
  /** `EngineNotInstalledError.packageName`, `EngineUnsupportedError.param`. */
  detail?: string
  cause?: { name: string; message: string }
}

/** The part of `Worker`, `MessagePort` and a worker's global scope that the protocol uses. */
export interface EnginePort {
  postMessage(message: unknown): void
  addEventListener(type: string, listener: (event: Event) => void): void
  removeEventListener(type: string, listener: (event: Event) => void): void
  /** A `MessagePort` delivers nothing before it is started. */
  start?(): void
  /** A `MessagePort` ends by this, */
  close?(): void
  /** and a `Worker` by this. */
  terminate?(): void
}

/** Whether data is a message of this protocol; the two ends may share their port with others. */
export function isProtocolMessage(data: unknown): data is { edgewise: number; kind: string } {
  return (
    typeof data === 'object' &&
    data !== null &&
    'edgewise' in data &&
    typeof data.edgewise === 'number' &&
    'kind' in data &&
    typeof data.kind === 'string'
  )
}
