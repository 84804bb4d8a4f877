// The worker that WebLLM runs in. The app owns this file, so every bundler
// understands the `new Worker(new URL(...))` that names it.
import '@edgewise/client/webllm/worker'
