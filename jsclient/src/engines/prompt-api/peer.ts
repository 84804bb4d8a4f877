/**
 * The part of the browser's Prompt API that this adapter uses, written out so that our types need no others; a type test
 * holds it against `@types/dom-chromium-ai`. Members that were renamed in 2026 are read by both names.
 */
export interface LanguageModelAPI {
  readonly prototype: object
  availability(options: CoreOptions): Promise<'unavailable' | 'downloadable' | 'downloading' | 'available'>
  create(options: CreateOptions): Promise<Session>
  /** Only there where `temperature` and `topK` are honoured: in extensions, and in pages of older browsers. */
  params?(): Promise<SamplingParams | null>
}

export interface SamplingParams {
  readonly defaultTopK: number
  readonly maxTemperature: number
}

/** What `availability` and `create` must be asked alike. */
export interface CoreOptions {
  expectedInputs: Expected[]
  expectedOutputs: Expected[]
}

export interface Expected {
  type: 'text' | 'image'
  languages?: string[]
}

export type Sampling =
  | { samplingMode?: 'most-predictable' | 'predictable' | 'balanced' | 'creative' | 'most-creative' }
  | { temperature: number; topK: number }

export type CreateOptions = CoreOptions &
  Sampling & {
    initialPrompts?: Prompt[]
    /** Ends a session that was created as well, so it must be nobody's but ours. */
    signal: AbortSignal
    monitor?: (monitor: EventTarget) => void
  }

export interface Prompt {
  role: 'system' | 'user' | 'assistant'
  content: string | Part[]
  /** Go on with this last message, the assistant's. */
  readonly prefix?: boolean
}

export type Part = { type: 'text'; value: string } | { type: 'image'; value: Blob }

export interface PromptOptions {
  signal?: AbortSignal
  /** A JSON Schema. */
  responseConstraint?: Record<string, unknown> | undefined
}

/** A conversation in the browser. Whatever it is asked is added to it. */
export interface Session {
  promptStreaming(input: Prompt[], options: PromptOptions): ReadableStream<string>
  destroy(): void
  /** Called when it has dropped its oldest turns. */
  oncontextoverflow?: (() => void) | null
  onquotaoverflow?: (() => void) | null
  readonly contextUsage?: number
  readonly inputUsage?: number
  readonly contextWindow?: number
  readonly inputQuota?: number
  measureContextUsage?(input: string | Prompt[], options?: PromptOptions): Promise<number>
  measureInputUsage?(input: string | Prompt[], options?: PromptOptions): Promise<number>
}

/** Absent in browsers without it, in workers, and in pages of insecure origins. */
export function languageModel(): LanguageModelAPI | undefined {
  return (globalThis as { LanguageModel?: LanguageModelAPI }).LanguageModel
}

/** Tokens of the conversation so far. */
export function usageOf(session: Session): number {
  return session.contextUsage ?? session.inputUsage ?? 0
}

/** Tokens that the conversation may have; Infinity = no limit. */
export function windowOf(session: Session): number {
  return session.contextWindow ?? session.inputQuota ?? Infinity
}

/** Tokens that the input would add, with those of the template. */
export async function measure(session: Session, input: string | Prompt[], options?: PromptOptions): Promise<number> {
  return (await (session.measureContextUsage ?? session.measureInputUsage)?.call(session, input, options)) ?? 0
}

/** In a document that is gone this throws, and there is nothing left to destroy. */
export function destroy(session: Session | undefined): void {
  try {
    session?.destroy()
  } catch {}
}
