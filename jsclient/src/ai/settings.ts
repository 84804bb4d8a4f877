import type { ChatRequest } from '../client/options.ts'

/**
 * What requests say besides: wishes about where they run, such as `privacy`, and fields that the AI SDK has no name for,
 * such as `logit_bias`. A name that is neither is an InvalidRequestError of the call. The AI SDK passes an abort signal
 * of its own.
 */
export type EdgewiseSettings = Omit<
  Partial<ChatRequest>,
  'messages' | 'model' | 'stream' | 'stream_options' | 'signal' | 'n'
>
