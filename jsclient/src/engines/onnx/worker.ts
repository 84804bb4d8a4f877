/**
 * The worker for apps with a bundler. The app's worker file is one line, `import '@edgewise/client/onnx/worker'`, and the
 * bundler resolves the packages that this module imports.
 */
// As namespaces: Vite 7 puts an empty module in the place of a package that is missing, and would not find the names.
import * as jinja from '@huggingface/jinja'
import * as tokenizers from '@huggingface/tokenizers'
import * as ort from 'onnxruntime-web/webgpu'
import { expose } from '../../engine/expose.ts'
import type { EnginePort } from '../../engine/protocol.ts'
import { createHost } from './host.ts'
import type { OnnxPeers } from './peer.ts'

expose(
  self as unknown as EnginePort,
  createHost(async () => ({ ort, Tokenizer: tokenizers.Tokenizer, Template: jinja.Template }) as unknown as OnnxPeers),
)
