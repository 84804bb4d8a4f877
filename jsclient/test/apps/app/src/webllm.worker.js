import '@edgewise/client/webllm/worker'
