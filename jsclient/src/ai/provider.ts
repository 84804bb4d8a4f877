import type { LanguageModelV4, ProviderV4 } from '@ai-sdk/provider'
import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import { type CompletingClient, languageModel } from './model.ts'
import type { EdgewiseSettings } from './settings.ts'

/** A client as a provider of the AI SDK. It has language models alone; for any other kind it throws. */
export interface EdgewiseProvider extends ProviderV4 {
  /** As `languageModel`. */
  (modelId?: string, settings?: EdgewiseSettings): LanguageModelV4
  /**
   * A model for `generateText`, `streamText` and all that take one. The id is what the server shall use, "auto" = its
   * default; a local answer comes from the model that the decision names. The settings go for each of its calls.
   */
  languageModel(modelId?: string, settings?: EdgewiseSettings): LanguageModelV4
}

/**
 * Makes a provider of a client: `generateText({ model: edgewise(client)('auto'), prompt })`. `providerMetadata.edgewise` of
 * an answer is its route record. `settings` go for every call; a model's win over them, `providerOptions.edgewise` of a
 * call over both, and what the call says in the AI SDK's own words over all.
 *
 * Streams go on elsewhere or fail, and never begin anew: a text that broke off is an `error` part with a
 * StreamInterruptedError. What a call asks for and nobody honours, such as `topK`, is a warning of its answer.
 */
export function edgewise(client: CompletingClient, settings: EdgewiseSettings = {}): EdgewiseProvider {
  const model = (modelId = 'auto', own: EdgewiseSettings = {}): LanguageModelV4 =>
    languageModel(client, modelId, { ...settings, ...own })
  const others = { embeddingModel: noSuchModel, imageModel: noSuchModel }
  return Object.assign(model, { specificationVersion: 'v4', languageModel: model, ...others } as const)
}

function noSuchModel(modelId: string): never {
  const message = `"${modelId}" is of a kind that takes another provider: this one answers chats.`
  throw new InvalidRequestError(message, { param: 'modelId', code: 'no_such_model' })
}
