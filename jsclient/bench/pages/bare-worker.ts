/** Transformers.js in a worker as one would write it by hand: a prompt comes in, the text of every token goes out. */
import { AutoModelForCausalLM, AutoTokenizer, env, type Tensor } from '@huggingface/transformers'

const { wasm } = env.backends.onnx
if (wasm) wasm.wasmPaths = { mjs: '/ort/ort-wasm-simd-threaded.mjs', wasm: '/ort/ort-wasm-simd-threaded.wasm' }
env.allowLocalModels = false
env.remoteHost = `${self.location.origin}/models/`
env.remotePathTemplate = '{model}/'

const id = 'edgewise-tiny-v1'
const ready = Promise.all([
  AutoTokenizer.from_pretrained(id),
  AutoModelForCausalLM.from_pretrained(id, { dtype: 'q8', device: 'wasm' }),
])
ready.then(() => postMessage({ ready: true }))

self.onmessage = async ({
  data,
}: MessageEvent<{ messages: { role: string; content: string }[]; maxTokens: number }>) => {
  const [tokenizer, model] = await ready
  const inputs = tokenizer.apply_chat_template(data.messages, { add_generation_prompt: true, return_dict: true })
  let promptSeen = false
  await model.generate({
    ...(inputs as { input_ids: Tensor }),
    max_new_tokens: data.maxTokens,
    do_sample: false,
    streamer: {
      put([ids = []]: bigint[][]) {
        if (promptSeen) postMessage({ text: tokenizer.decode(ids, { skip_special_tokens: true }) })
        promptSeen = true
      },
      end() {},
    } as never,
  })
  postMessage({ done: true })
}
