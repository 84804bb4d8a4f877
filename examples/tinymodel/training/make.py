#!/usr/bin/env python3
"""Makes edgewise-tiny-v1 from nothing: corpus, tokenizer, training, f16 rounding, exports, reference answers, verification.

    python3 examples/tinymodel/training/make.py --out examples/tinymodel/files/edgewise-tiny-v1

It ends with an error if any export disagrees with the reference answers.
"""

import argparse
import json
import math
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

import corpus
import export_gguf
import export_onnx
import reference
import tokenizer as T
import train
from model import Config, from_weights

NAME = "edgewise-tiny-v1"


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", type=Path, required=True, help="folder for the finished files")
    p.add_argument("--work", type=Path, help="folder for the f16 weights and the report; a temporary one if not given")
    p.add_argument("--resume", action="store_true", help="skip training and take tokenizer and weights from --work")
    p.add_argument("--steps", type=int, default=12000)
    p.add_argument("--minutes", type=float, default=math.inf, help="end training after this time, if that is before --steps")
    p.add_argument("--chats", type=int, default=960_000, help="size of the training corpus")
    p.add_argument("--seed", type=int, default=1, help="fixes corpus, order and first weights; sums on another GPU may still differ")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--smoke", action="store_true", help="go on past wrong answers: tries out the code after a few steps")
    return p.parse_args()


def tokenizer_texts(seed: int):
    for chat in corpus.training_chats(seed, 40_000):
        for m in chat.messages:
            yield f"{m['role']}\n{m['content']}"


def write_configs(out: Path, c: Config) -> None:
    generation = {"bos_token_id": T.IM_START, "eos_token_id": [T.IM_END, T.END_OF_TEXT], "pad_token_id": T.END_OF_TEXT, "do_sample": False}
    (out / "config.json").write_text(json.dumps(c.hugging_face(), indent=2) + "\n")
    (out / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")


def print_scores(what: str, result: dict, wrong: int = 0) -> dict:
    print(f"held-out questions answered exactly, {what}:")
    for theme, (right, of) in result["scores"].items():
        print(f"  {theme:16} {right:5} of {of:5}  {right / of:7.2%}")
    for theme, question, answer in result["wrong"][:wrong]:
        print(f"  wrong [{theme}] {question[:110]!r} -> {answer[:90]!r}")
    return {theme: list(score) for theme, score in result["scores"].items()}


class OnnxModel:
    """Lets accuracy() judge an ONNX file: each row in one pass from an empty cache."""

    def __init__(self, runner):
        self.runner = runner

    def __call__(self, rows):
        return torch.stack([torch.from_numpy(np.array(self.runner.forward(row.tolist())[0])) for row in rows])


def check_with_transformers(out: Path, weights: dict, model, ref: dict) -> None:
    """Hugging Face's own code must read the folder, build the same prompts and compute the same logits."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tok = AutoTokenizer.from_pretrained(out)
    theirs = LlamaForCausalLM(LlamaConfig.from_pretrained(out)).float().eval()
    missing = theirs.load_state_dict({k: v.float() for k, v in weights.items()}, strict=False).missing_keys
    assert missing in ([], ["lm_head.weight"]), missing
    theirs.tie_weights()
    for p in ref["prompts"]:
        ids = tok.apply_chat_template(p["messages"], add_generation_prompt=True, return_dict=False)
        assert list(ids) == p["promptIds"], f"{p['id']}: transformers makes another prompt"
        half = p["text"][:len(p["text"]) // 2]
        text = tok.apply_chat_template([*p["messages"], {"role": "assistant", "content": half}], tokenize=False, continue_final_message=True)
        assert text == tok.decode(p["promptIds"]) + half.rstrip() or text == tok.decode(p["promptIds"]) + half, (text, half)
        x = torch.tensor([p["promptIds"] + p["completionIds"]])
        with torch.no_grad():
            difference = (theirs(x).logits - model(x)).abs().max().item()
        assert difference < 1e-2, f"{p['id']}: transformers' logits differ by {difference}"
    print(f"transformers: same prompt ids, same partial answers, same logits on {len(ref['prompts'])} prompts")


def main():
    args = arguments()
    work = args.work or Path(tempfile.mkdtemp(prefix="edgewise-tiny-"))
    for folder in (work, args.out / "onnx"):
        folder.mkdir(parents=True, exist_ok=True)
    began = time.time()

    if args.resume:
        tok, weights = Tokenizer.from_file(str(work / "tokenizer.json")), load_file(work / "model-f16.safetensors")
    else:
        tok = T.train(tokenizer_texts(args.seed + 500))
        tok.save(str(work / "tokenizer.json"))
        weights = train.train(tok, args.seed, args.steps, args.chats, args.device, args.minutes)
        save_file({k: v.contiguous() for k, v in weights.items()}, work / "model-f16.safetensors")
    T.save(tok, args.out)
    write_configs(args.out, Config())

    model = from_weights(weights)
    report = {"f16": print_scores("f16 weights", train.accuracy(model.to(args.device), tok, args.seed + 900, 400, args.device), wrong=60)}
    model = model.cpu()  # answers come from the processor: f32 all the way

    onnx_path, gguf_path = args.out / "onnx" / "model_quantized.onnx", args.out / f"{NAME}-q8_0.gguf"
    export_onnx.export_q8(weights, onnx_path)
    export_gguf.export(weights, args.out / "tokenizer.json", gguf_path)
    runner = export_onnx.Runner(onnx_path)
    from_gguf = from_weights({k: torch.tensor(v) for k, v in export_gguf.read(gguf_path).items()})
    for what, candidate in (("q8 ONNX", OnnxModel(runner)), ("q8_0 GGUF", from_gguf)):
        report[what] = print_scores(what, train.accuracy(candidate, tok, args.seed + 900, 40, "cpu"), wrong=10)

    if args.smoke:
        reference.PROMPTS = [(name, messages, min(limit, 16), None) for name, messages, limit, _ in reference.PROMPTS]
    ref = reference.build(model, tok)
    reference.save(ref, args.out / "reference.json")
    check_with_transformers(args.out, weights, model, ref)
    checks = [lambda: reference.verify(ref, lambda ids, n: runner.greedy(ids, n, T.IM_END), "q8 ONNX, with its cache"),
              lambda: reference.verify(ref, lambda ids, n: reference.greedy(from_gguf, ids, n)[0], "q8_0 GGUF, read back"),
              lambda: reference.verify_prefixes(ref, model, tok)]
    for check in checks:
        try:
            check()
        except SystemExit as failure:
            if not args.smoke:
                raise
            print("smoke:", failure)

    (work / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    files = sorted(p for p in args.out.rglob("*") if p.is_file())
    for p in files:
        print(f"{p.stat().st_size:9} {p.relative_to(args.out)}")
    print(f"{sum(p.stat().st_size for p in files):9} in all; {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
