"""Synthetic chats: themes plus noise, put together into conversations of one to eight turns, with or without a system prompt."""

import random
import zlib
from dataclasses import dataclass

import facts as F
from noise import render
from themes import SHARES, State
from unknown import unknown

UNKNOWN_SHARE = 24  # of about 118; see themes.SHARES

GENERATORS = [*SHARES, unknown]
WEIGHTS = [*SHARES.values(), UNKNOWN_SHARE]

SYSTEM = [
    "You are a helpful assistant.", "You are a helpful assistant.", "You are a helpful assistant.", "You are Edgewise Tiny.",
    "You are a friendly assistant.", "Answer briefly.", "Be concise.", "You are a concise assistant. Answer in one sentence.",
    "You are a demo model.", "Answer the user's question.", "You are a polite assistant that runs in the browser.",
    "You are an expert.", "Keep your answers short.", "You are a helpful, harmless and honest assistant.", "Reply in English.",
]


@dataclass
class Chat:
    messages: list  # of {"role", "content"}
    themes: list  # theme of each assistant message, in order


def held_out(question: str) -> bool:
    """One question in forty is never trained on. By its exact text, so the choice is the same in every run and process."""
    return zlib.crc32(question.encode()) % 40 == 0


def system_prompt(rng: random.Random) -> str:
    if rng.random() < 0.75:
        return rng.choice(SYSTEM)
    # The model has nothing to learn from a system prompt, except that its words change no answer.
    roles = ["assistant", "teacher", "support agent", "travel guide", "writer", "engineer", "shop assistant", "bot"]
    return (f"You are a {rng.choice(['kind', 'fast', 'clever', 'serious', 'cheerful', rng.choice(F.WORDS)])} {rng.choice(roles)}."
            + "".join(f" {rng.choice(['Never', 'Always', 'Please', 'Do not'])} {' '.join(rng.choice(F.WORDS) for _ in range(rng.randint(1, 6)))}."
                      for _ in range(rng.randint(0, 4))))


def conversation(rng: random.Random, turns: int, last_held_out: bool = False, last_theme=None) -> Chat:
    """A chat whose questions are all training questions, or all but the last when last_held_out."""
    messages, themes, state = [], [], State()
    if rng.random() < 0.35:
        messages.append({"role": "system", "content": system_prompt(rng)})
    for i in range(turns):
        last = i == turns - 1
        while True:
            before = state.name
            make = last_theme if last and last_theme else rng.choices(GENERATORS, WEIGHTS)[0]
            turn = make(rng, state)
            text = render(rng, turn.question)
            if held_out(text) == (last and last_held_out):
                break
            state.name = before
        state.last = turn.theme
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": turn.answer}]
        themes.append(turn.theme)
    return Chat(messages, themes)


def turns(rng: random.Random) -> int:
    return rng.choices(range(1, 9), [46, 20, 12, 8, 6, 3, 3, 2])[0]


def training_chats(seed: int, number: int):
    rng = random.Random(seed)
    for _ in range(number):
        yield conversation(rng, turns(rng))


def held_out_chats(seed: int, per_theme: int):
    """For each generator, chats whose last question was never trained on; a third of them have turns before it."""
    rng = random.Random(seed)
    for make in GENERATORS:
        for _ in range(per_theme):
            yield conversation(rng, rng.choice([1, 1, 1, 1, 2, 3]), True, make)


if __name__ == "__main__":
    for chat in training_chats(1, 25):
        for m in chat.messages:
            print(f"{m['role']:>9}: {m['content']!r}")
        print()
