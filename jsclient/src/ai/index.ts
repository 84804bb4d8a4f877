/** The public list of `@edgewise/client/ai`: the AI SDK's provider and chat transport. */
export type { CompletingClient } from './model.ts'
export { type EdgewiseProvider, edgewise } from './provider.ts'
export { routeOf } from './result.ts'
export type { EdgewiseSettings } from './settings.ts'
export {
  type ChatFields,
  EdgewiseChatTransport,
  type EdgewiseChatTransportOptions,
  type SendMessagesOptions,
  type StreamingClient,
} from './transport.ts'
export type { EdgewiseDataParts, EdgewiseMetadata, EdgewiseProgress, EdgewiseUIMessage } from './ui-types.ts'
