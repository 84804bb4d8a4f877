"""GGUF v3 with q8_0 weights, for llama.cpp, wllama, Ollama and any other reader; and a reader to check what was written."""

import json
import struct

import numpy as np

from model import Config
from tokenizer import CHAT_TEMPLATE, END_OF_TEXT, IM_END, IM_START

ALIGNMENT, BLOCK = 32, 32
F32, Q8_0 = 0, 8
NAMES = {  # Hugging Face -> GGUF, inside a layer
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def names(c: Config) -> dict:
    out = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
    for i in range(c.layers):
        out |= {f"model.layers.{i}.{hf}.weight": f"blk.{i}.{gguf}.weight" for hf, gguf in NAMES.items()}
    return out


def permute(w, c: Config):
    """Hugging Face rotates the halves of a head, llama.cpp neighbouring pairs: the rows of Q and K change places."""
    return w.reshape(c.heads, 2, c.head_dim // 2, -1).swapaxes(1, 2).reshape(w.shape)


def unpermute(w, c: Config):
    return w.reshape(c.heads, c.head_dim // 2, 2, -1).swapaxes(1, 2).reshape(w.shape)


def rotated(name: str) -> bool:
    return "attn_q." in name or "attn_k." in name


def quantize(w) -> bytes:
    """q8_0: blocks of 32 numbers share one f16 scale. Halves round away from zero, as in ggml."""
    blocks = w.astype(np.float32).reshape(-1, BLOCK)
    scale = np.abs(blocks).max(1, keepdims=True) / np.float32(127)
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    x = blocks * inverse
    q = (np.sign(x) * np.floor(np.abs(x) + np.float32(0.5))).astype(np.int8)
    return np.concatenate([scale.astype("<f2").view(np.int8), q], 1).tobytes()


def dequantize(data: bytes, shape) -> np.ndarray:
    raw = np.frombuffer(data, np.int8).reshape(-1, BLOCK + 2)
    scale = np.ascontiguousarray(raw[:, :2]).view("<f2").astype(np.float32)
    return (raw[:, 2:].astype(np.float32) * scale).reshape(shape)


def text(s: str) -> bytes:
    raw = s.encode()
    return struct.pack("<Q", len(raw)) + raw


UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
PACK = {UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}


def scalar(kind: int, v) -> bytes:
    return text(v) if kind == STRING else struct.pack(PACK[kind], v)


def metadata(tokenizer_json: dict, c: Config) -> list:
    """(key, type, value), or (key, (ARRAY, element type), list)."""
    vocab = sorted(tokenizer_json["model"]["vocab"].items(), key=lambda item: item[1])
    merges = [m if isinstance(m, str) else " ".join(m) for m in tokenizer_json["model"]["merges"]]
    special = {t["id"] for t in tokenizer_json["added_tokens"]}
    return [
        ("general.architecture", STRING, "llama"), ("general.name", STRING, "Edgewise Tiny v1"), ("general.license", STRING, "apache-2.0"),
        ("general.file_type", UINT32, 7), ("general.quantization_version", UINT32, 2), ("general.alignment", UINT32, ALIGNMENT),
        ("llama.block_count", UINT32, c.layers), ("llama.context_length", UINT32, c.context), ("llama.embedding_length", UINT32, c.hidden),
        ("llama.feed_forward_length", UINT32, c.mlp), ("llama.vocab_size", UINT32, c.vocab), ("llama.attention.head_count", UINT32, c.heads),
        ("llama.attention.head_count_kv", UINT32, c.heads), ("llama.attention.key_length", UINT32, c.head_dim),
        ("llama.attention.value_length", UINT32, c.head_dim), ("llama.attention.layer_norm_rms_epsilon", FLOAT32, c.eps),
        ("llama.rope.freq_base", FLOAT32, c.rope_theta), ("llama.rope.dimension_count", UINT32, c.head_dim),
        ("tokenizer.ggml.model", STRING, "gpt2"), ("tokenizer.ggml.pre", STRING, "smollm"),
        ("tokenizer.ggml.tokens", (ARRAY, STRING), [token for token, _ in vocab]),
        ("tokenizer.ggml.token_type", (ARRAY, INT32), [3 if i in special else 1 for _, i in vocab]),
        ("tokenizer.ggml.merges", (ARRAY, STRING), merges), ("tokenizer.ggml.bos_token_id", UINT32, IM_START),
        ("tokenizer.ggml.eos_token_id", UINT32, IM_END), ("tokenizer.ggml.unknown_token_id", UINT32, END_OF_TEXT),
        ("tokenizer.ggml.padding_token_id", UINT32, END_OF_TEXT), ("tokenizer.ggml.add_bos_token", BOOL, False),
        ("tokenizer.ggml.add_space_prefix", BOOL, False), ("tokenizer.chat_template", STRING, CHAT_TEMPLATE),
    ]


def pad(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % ALIGNMENT)


def export(weights: dict, tokenizer_json_path, path, c: Config = Config()) -> None:
    pairs = metadata(json.loads(tokenizer_json_path.read_text()), c)
    head = b"".join(text(key) + (struct.pack("<IIQ", *kind, len(value)) + b"".join(scalar(kind[1], v) for v in value)
                                 if isinstance(kind, tuple) else struct.pack("<I", kind) + scalar(kind, value))
                    for key, kind, value in pairs)
    infos, body = b"", b""
    for hf, name in names(c).items():
        w = weights[hf].float().numpy()
        if rotated(name):
            w = permute(w, c)
        kind = F32 if w.ndim == 1 else Q8_0
        infos += text(name) + struct.pack(f"<I{w.ndim}QIQ", w.ndim, *reversed(w.shape), kind, len(body))
        body += pad(w.astype("<f4").tobytes() if kind == F32 else quantize(w))
    start = struct.pack("<4sIQQ", b"GGUF", 3, len(names(c)), len(pairs))
    path.write_bytes(pad(start + head + infos) + body)


def read(path, c: Config = Config()) -> dict:
    """Reads the file back into float weights under their Hugging Face names."""
    data, at = path.read_bytes(), 0

    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values[0] if len(values) == 1 else values

    def string():
        nonlocal at
        n = take("Q")
        at += n
        return data[at - n:at].decode()

    def skip(kind):
        if kind == STRING:
            string()
        elif kind == ARRAY:
            element, n = take("IQ")
            for _ in range(n):
                skip(element)
        else:
            take(PACK[kind][1:])

    magic, version, tensors, pairs = take("4sIQQ")
    if (magic, version) != (b"GGUF", 3):
        raise SystemExit(f"{path} is no GGUF v3 file")
    for _ in range(pairs):
        string()
        skip(take("I"))
    infos = []
    for _ in range(tensors):
        name, dims = string(), take("I")
        shape = [take("Q") for _ in range(dims)][::-1]
        infos.append((name, shape, *take("IQ")))
    at += -at % ALIGNMENT
    back = {gguf: hf for hf, gguf in names(c).items()}
    out = {}
    for name, shape, kind, offset in infos:
        count, begin = int(np.prod(shape)), at + offset
        if kind == F32:
            w = np.frombuffer(data, "<f4", count, begin).reshape(shape)
        else:
            w = dequantize(data[begin:begin + count // BLOCK * (BLOCK + 2)], shape)
        out[back[name]] = unpermute(w, c) if rotated(name) else w
    return out
