"""The tokenizer: byte-level BPE of 1024 tokens, ChatML, and the split that llama.cpp calls "smollm"."""

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

END_OF_TEXT, IM_START, IM_END = 0, 1, 2
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
VOCAB_SIZE = 1024

# No default system prompt and no trimming: the text of a prompt is the same in every runtime, and transformers'
# continue_final_message finds the last message's text unchanged at the end.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def train(texts) -> Tokenizer:
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
    ])
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE, special_tokens=SPECIALS, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    if tok.get_vocab_size() != VOCAB_SIZE:
        raise SystemExit(f"the tokenizer has {tok.get_vocab_size()} tokens, not {VOCAB_SIZE}: the corpus is too small")
    return tok


def encode_chats(tok: Tokenizer, chats: list) -> list:
    """Ids and a mask (1 on what the assistant writes, end token included) for each list of messages.

    Special tokens are hard borders for the tokenizer, so encoding each message alone gives the same ids as the whole text.
    """
    texts = [f"{m['role']}\n{m['content']}" for chat in chats for m in chat]
    encoded = iter(tok.encode_batch(texts, add_special_tokens=False))
    newline = tok.encode("\n").ids
    head = len(tok.encode("assistant\n").ids)
    out = []
    for chat in chats:
        ids, mask = [], []
        for m in chat:
            body = next(encoded).ids
            ids += [IM_START, *body, IM_END, *newline]
            if m["role"] == "assistant":
                mask += [0] * (1 + head) + [1] * (len(body) - head + 1) + [0] * len(newline)
            else:
                mask += [0] * (len(body) + 2 + len(newline))
        out.append((ids, mask))
    return out


def prompt_ids(tok: Tokenizer, messages: list) -> list:
    """The ids a runtime feeds the model: the chat and the head of the assistant's answer."""
    (ids, _), = encode_chats(tok, [messages])
    return ids + [IM_START] + tok.encode("assistant\n").ids


def save(tok: Tokenizer, out: Path) -> None:
    tok.save(str(out / "tokenizer.json"))
    special = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
    added = {str(i): {"content": s, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
             for i, s in enumerate(SPECIALS)}
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512, "add_bos_token": False, "add_prefix_space": False,
              "clean_up_tokenization_spaces": False, "added_tokens_decoder": added, **special, "chat_template": CHAT_TEMPLATE}
    (out / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    (out / "special_tokens_map.json").write_text(json.dumps(special, indent=2) + "\n")
