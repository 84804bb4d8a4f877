/// <reference types="dom-chromium-ai" />
/** Checked by `npm run typecheck`: what we write out of the Prompt API is what browsers' published types say. */
import type * as ours from '../../src/engines/prompt-api/peer.ts'

/** A dictionary's member may be undefined: it is then absent. */
type Loose<T> = { [K in keyof T]: T[K] | undefined }
/** They have a type of its own for the one place of a system message. */
type Said = ours.Prompt & { role: Exclude<ours.Prompt['role'], 'system'> }
/** Members that take prompts, and those that are ours to set. */
type Asking = 'promptStreaming' | 'measureContextUsage' | 'measureInputUsage'
type Handler = 'oncontextoverflow' | 'onquotaoverflow'

export const statics: (theirs: typeof LanguageModel) => Omit<ours.LanguageModelAPI, 'create'> = (theirs) => theirs
export const session: (theirs: LanguageModel) => Omit<ours.Session, Asking | Handler> = (theirs) => theirs
export const asking: (theirs: Pick<LanguageModel, Asking>) => Record<Asking, object> = (theirs) => theirs
export const handlers: (given: Required<Pick<ours.Session, Handler>>) => Pick<LanguageModel, Handler> = (given) => given
export const create: (given: ours.CoreOptions & ours.Sampling) => LanguageModelCreateOptions = (given) => given
export const begin: (first: ours.Prompt & { role: 'system' }) => LanguageModelSystemMessage = (first) => first
export const prompts: (given: Said[]) => LanguageModelPrompt = (given) => given
export const initial: (given: Said[]) => NonNullable<LanguageModelCreateOptions['initialPrompts']> = (given) => given
export const options: (given: ours.PromptOptions) => Loose<LanguageModelPromptOptions> = (given) => given
export const stream: ReturnType<ours.Session['promptStreaming']> = {} as ReturnType<LanguageModel['promptStreaming']>
