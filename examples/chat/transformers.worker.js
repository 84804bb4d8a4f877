import '@edgewise/client/transformers/worker'
