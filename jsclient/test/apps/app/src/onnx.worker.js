import '@edgewise/client/onnx/worker'
