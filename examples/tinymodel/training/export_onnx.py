"""The ONNX graph that ONNX Runtime, ONNX Runtime Web and Transformers.js run, with its cache as inputs and outputs."""

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from model import Config, rope

MICROSOFT = "com.microsoft"


def build(weights: dict, c: Config = Config()) -> onnx.ModelProto:
    nodes, tensors = [], []

    def constant(name, array):
        tensors.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weight(name):
        return weights[name].float().numpy()

    def node(op, inputs, outputs, domain="", **attributes):
        nodes.append(helper.make_node(op, inputs, outputs, name=f"{op}_{len(nodes)}", domain=domain, **attributes))
        return outputs[0]

    def matmul(x, name):
        return node("MatMul", [x, constant(name + ".T", weight(name).T)], [name + ".out"])

    # GroupQueryAttention wants the last index of each row and the longest row, as int32.
    node("ReduceSum", ["attention_mask", constant("axis_1", np.array([1], np.int64))], ["row_lengths"], keepdims=0)
    node("Sub", ["row_lengths", constant("one", np.array([1], np.int64))], ["row_ends"])
    node("Cast", ["row_ends"], ["seqlens_k"], to=TensorProto.INT32)
    node("Shape", ["attention_mask"], ["mask_shape"])
    node("Gather", ["mask_shape", constant("index_1", np.array(1, np.int64))], ["mask_length"], axis=0)
    node("Cast", ["mask_length"], ["total_length"], to=TensorProto.INT32)
    cos, sin = rope(c)
    constant("cos", cos.numpy())
    constant("sin", sin.numpy())

    embedding = "model.embed_tokens.weight"
    x = node("Gather", [constant(embedding, weight(embedding)), "input_ids"], ["embeddings"])
    norm = constant("model.layers.0.input_layernorm.weight", weight("model.layers.0.input_layernorm.weight"))
    # SimplifiedLayerNormalization is ONNX Runtime's RMSNorm. It lives in the default domain, though no ONNX opset has it.
    n = node("SimplifiedLayerNormalization", [x, norm], ["normed.first"], axis=-1, epsilon=c.eps, stash_type=1)
    for i in range(c.layers):
        p = f"model.layers.{i}."
        q, k, v = (matmul(n, f"{p}self_attn.{name}_proj.weight") for name in "qkv")
        past, present = (tuple(f"{side}.{i}.{kind}" for kind in ("key", "value")) for side in ("past_key_values", "present"))
        a = node("GroupQueryAttention", [q, k, v, *past, "seqlens_k", "total_length", "cos", "sin"], [p + "attention", *present], MICROSOFT,
                 num_heads=c.heads, kv_num_heads=c.heads, do_rotary=1, rotary_interleaved=0, scale=c.head_dim ** -0.5)
        a = matmul(a, p + "self_attn.o_proj.weight")
        n, x = skip_norm(node, constant, weight, x, a, p + "post_attention_layernorm.weight", c)
        gate, up = matmul(n, p + "mlp.gate_proj.weight"), matmul(n, p + "mlp.up_proj.weight")
        node("Sigmoid", [gate], [p + "sigmoid"])
        node("Mul", [gate, p + "sigmoid"], [p + "silu"])
        node("Mul", [p + "silu", up], [p + "gated"])
        down = matmul(p + "gated", p + "mlp.down_proj.weight")
        after = f"model.layers.{i + 1}.input_layernorm.weight" if i + 1 < c.layers else "model.norm.weight"
        n, x = skip_norm(node, constant, weight, x, down, after, c)
    node("MatMul", [n, constant("lm_head.T", weight(embedding).T)], ["logits"])

    def value(name, shape, kind=TensorProto.FLOAT):
        return helper.make_tensor_value_info(name, kind, shape)

    # Transformers.js sizes the empty cache from these shapes: the batch axis by this very name, heads and head size as numbers.
    cache = ["batch_size", c.heads, None, c.head_dim]
    inputs = [value("input_ids", ["batch_size", "sequence_length"], TensorProto.INT64),
              value("attention_mask", ["batch_size", "total_sequence_length"], TensorProto.INT64)]
    outputs = [value("logits", ["batch_size", "sequence_length", c.vocab])]
    for i in range(c.layers):
        for kind in ("key", "value"):
            inputs.append(value(f"past_key_values.{i}.{kind}", [s or "past_sequence_length" for s in cache]))
            outputs.append(value(f"present.{i}.{kind}", [s or "total_sequence_length" for s in cache]))
    graph = helper.make_graph(nodes, "edgewise-tiny", inputs, outputs, tensors)
    return helper.make_model(graph, producer_name="edgewise", ir_version=8,
                             opset_imports=[helper.make_opsetid("", 14), helper.make_opsetid(MICROSOFT, 1)])


def skip_norm(node, constant, weight, x, y, name, c):
    """The norm of x + y, and x + y itself."""
    n = node("SkipSimplifiedLayerNormalization", [x, y, constant(name, weight(name))],
             [name + ".normed", "", "", name + ".sum"], MICROSOFT, epsilon=c.eps)
    return n, name + ".sum"


def export_q8(weights: dict, path) -> None:
    """Int8 weights by output channel; activations are quantized as they come. Embedding, norms and cache stay float."""
    # Shape inference stops at Microsoft's operators, so the quantizer must be told that everything unknown is float (1).
    quantize_dynamic(build(weights), str(path), op_types_to_quantize=["MatMul"], weight_type=QuantType.QInt8, per_channel=True,
                     extra_options={"DefaultTensorType": 1})


class Runner:
    """Greedy decoding with ONNX Runtime on the CPU and a key-value cache, as the browser does it."""

    def __init__(self, path, c: Config = Config()):
        self.c = c
        self.session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def forward(self, ids, cache=None):
        c = self.c
        if cache is None:
            cache = [np.zeros((1, c.heads, 0, c.head_dim), np.float32)] * (2 * c.layers)
        past = cache[0].shape[2]
        feeds = {"input_ids": np.array([ids], np.int64), "attention_mask": np.ones((1, past + len(ids)), np.int64)}
        feeds |= {f"past_key_values.{i // 2}.{('key', 'value')[i % 2]}": tensor for i, tensor in enumerate(cache)}
        logits, *cache = self.session.run(None, feeds)
        return logits[0], cache

    def greedy(self, ids, limit, stop):
        out, cache = [], None
        while len(out) < limit:
            logits, cache = self.forward(ids, cache)
            token = int(logits[-1].argmax())
            if token == stop:
                break
            out.append(token)
            ids = [token]
        return out
