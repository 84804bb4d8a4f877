"""Corpus to arrays, arrays to weights, weights to accuracy."""

import math
import multiprocessing
import os
import random
import time
from collections import defaultdict

import numpy as np
import torch
import torch.nn.functional as F

import corpus
import tokenizer as T
from model import Config, TinyLlama

SHARDS = 64  # fixed, so that the corpus does not depend on how many processors make it
TOKENS_A_BATCH = 49152
WIDTH_STEP = 32
PEAK_RATE = 4e-3


def encode_shard(job):
    tok, seed, number = job
    ids, mask, lengths = [], [], []
    chats = [chat.messages for chat in corpus.training_chats(seed, number)]
    for i, m in T.encode_chats(tok, chats):
        if len(i) <= Config.context:  # longer ones can not be served either
            ids.append(np.array(i, np.int16))
            mask.append(np.array(m, bool))
            lengths.append(len(i))
    return np.concatenate(ids), np.concatenate(mask), np.array(lengths)


def encode_corpus(tok, seed: int, number: int):
    """All training chats as one flat array of ids, one of masks, and the lengths."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # the pool is the parallelism
    jobs = [(tok, seed * 1_000_003 + shard, number // SHARDS) for shard in range(SHARDS)]
    with multiprocessing.get_context("fork").Pool(min(SHARDS, os.cpu_count() or 1)) as pool:
        parts = pool.map(encode_shard, jobs, chunksize=1)
    return tuple(np.concatenate([p[i] for p in parts]) for i in range(3))


def make_batches(lengths, np_rng, rng):
    """Rows of about one length together, so that little is padding. Yields (width, rows) with few distinct shapes: GPU libraries plan
    their work anew for each shape they have not seen, and that costs more than the padding."""
    width = (np.maximum(lengths, 33) + WIDTH_STEP - 2) // WIDTH_STEP * WIDTH_STEP  # one less is fed than a chat is long
    batches = []
    for w in np.unique(width):
        rows = np_rng.permutation(np.flatnonzero(width == w))
        size = TOKENS_A_BATCH // int(w)
        rows = np.resize(rows, -(-len(rows) // size) * size)  # the last batch is filled up from the start
        batches += [(int(w), part) for part in rows.reshape(-1, size)]
    rng.shuffle(batches)
    return batches


def learning_rate(step: int, progress: float) -> float:
    """Warm-up, then flat, then down to nothing along a cosine. progress runs from 0 to 1."""
    if step < 200:
        return PEAK_RATE * (step + 1) / 200
    if progress < 0.3:
        return PEAK_RATE
    return PEAK_RATE * 0.5 * (1 + math.cos(math.pi * (progress - 0.3) / 0.7))


def train(tok, seed: int, steps: int, chats: int, device: str, minutes: float = math.inf) -> dict:
    """Trains from nothing and returns the weights, rounded to f16. Ends after so many steps or minutes, whichever is first."""
    began = time.time()
    ids, mask, lengths = encode_corpus(tok, seed, chats)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    print(f"corpus: {len(lengths)} chats, {len(ids) / 1e6:.1f} M tokens, {mask.mean():.0%} of them the assistant's, {time.time() - began:.0f} s")

    torch.manual_seed(seed)
    rng = random.Random(seed)
    np_rng = np.random.default_rng(seed)
    model = TinyLlama().to(device)
    print(f"model: {sum(p.numel() for p in model.parameters())} parameters on {device}")
    ids, mask = torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)
    matrices = [p for p in model.parameters() if p.dim() == 2]
    norms = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.05}, {"params": norms, "weight_decay": 0.0}],
                                  lr=PEAK_RATE, betas=(0.9, 0.98), fused=device == "cuda")
    batches, began, total, shown, step = [], time.time(), torch.zeros((), device=device), 0, 0
    while True:
        progress = max(step / steps, (time.time() - began) / 60 / minutes)
        if progress >= 1 or step % 500 == 0 and step:
            print(f"step {step}: loss {total.item() / max(1, step - shown):.4f}, {time.time() - began:.0f} s")
            shown = step
            total.zero_()
        if progress >= 1:
            break
        if not batches:
            batches = make_batches(lengths, np_rng, rng)
        width, rows = batches.pop()
        first, length = torch.from_numpy(np.stack([starts[rows], lengths[rows]])).to(device)[..., None]
        columns = torch.arange(width + 1, device=device)
        at = (first + columns).clamp(max=len(ids) - 1)
        real = columns < length
        x = torch.where(real, ids[at].long(), T.END_OF_TEXT)
        wanted = torch.where(mask[at] & real, x, -100)[:, 1:]  # -100: no loss on what the user writes
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, progress)
        with torch.autocast(device, torch.bfloat16):
            logits = model(x[:, :-1])
        loss = F.cross_entropy(logits.float().flatten(0, 1), wanted.flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        total += loss.detach()
        step += 1
    return {k: v.detach().to(torch.float16).cpu() for k, v in model.state_dict().items()}


@torch.no_grad()
def accuracy(model, tok, seed: int, per_theme: int, device: str) -> dict:
    """Share of held-out questions answered exactly, by theme, and the wrong ones.

    With the right history given, greedy decoding is right if and only if every next token of the right answer is the model's
    first choice, so one forward pass judges a whole answer.
    """
    chats = list(corpus.held_out_chats(seed, per_theme))
    rng = random.Random(seed)
    rng.shuffle(chats)
    encoded = T.encode_chats(tok, [c.messages for c in chats])
    scores, wrong = defaultdict(list), []
    for start in range(0, len(chats), 64):
        part = [(c, i, m) for c, (i, m) in zip(chats[start:start + 64], encoded[start:start + 64]) if len(i) <= Config.context]
        longest = max(len(i) for _, i, _ in part)
        x = torch.zeros(len(part), longest, dtype=torch.long)
        for row, (_, i, _) in enumerate(part):
            x[row, :len(i)] = torch.tensor(i)
        choice = model(x.to(device)).argmax(-1).cpu()
        for row, (chat, i, m) in enumerate(part):
            last = max(k for k, token in enumerate(i) if token == T.IM_START)
            answer = [k for k in range(last, len(i)) if m[k]]
            right = all(choice[row, k - 1] == i[k] for k in answer)
            scores[chat.themes[-1]].append(right)
            if not right:
                wrong.append((chat.themes[-1], chat.messages[-2]["content"], tok.decode([int(choice[row, k - 1]) for k in answer])))
    result = {theme: (sum(s), len(s)) for theme, s in sorted(scores.items())}
    result["all"] = tuple(map(sum, zip(*result.values())))
    return {"scores": result, "wrong": wrong}
