"""What people do to a question before it arrives: case, punctuation, politeness, typos."""

import random

from themes import Keep

BEFORE = ["Please ", "Hey, ", "Hi, ", "Hello! ", "OK, ", "Quick question: ", "Please tell me: ", "Could you help me? ", "Now ", "I have a question. ",
          "One more: ", "Hi! ", "So, ", "Well, ", "Question: ", "And now: "]
AFTER = [" please", " Thanks!", ", please", " Thank you.", " please!", " Please."]


def typo(rng: random.Random, text: str) -> str:
    """Drops, doubles or swaps one letter of one long word. Short words are left alone: 'hot' and 'hit' differ by one."""
    words = text.split(" ")
    long = [i for i, w in enumerate(words) if len(w) >= 5 and w.isalpha()]
    if not long:
        return text
    i = rng.choice(long)
    w = words[i]
    k = rng.randrange(1, len(w) - 1)
    words[i] = rng.choice([w[:k] + w[k + 1:], w[:k] + w[k] + w[k:], w[:k] + w[k + 1] + w[k] + w[k + 2:]])
    return " ".join(words)


def render(rng: random.Random, question: list, typos: bool = True) -> str:
    """Joins a question's pieces and adds noise to all but the Keep pieces."""
    case = rng.random()
    parts = []
    for piece in question:
        if not isinstance(piece, Keep):
            if typos and rng.random() < 0.06:
                piece = typo(rng, piece)
            piece = piece.lower() if case < 0.25 else piece.upper() if case < 0.27 else piece
        parts.append(piece)
    # Text after a Keep at the very end belongs to what is copied, so only a plain end is changed.
    if parts and not isinstance(question[-1], Keep) and parts[-1]:
        roll = rng.random()
        if roll < 0.22:
            parts[-1] = parts[-1].rstrip("?.!")
        elif roll < 0.30:
            parts[-1] = parts[-1].rstrip("?.!") + rng.choice(["??", "!", "?!", " ?", "...", "."])
        if rng.random() < 0.08:
            parts[-1] += rng.choice(AFTER)
    text = "".join(parts)
    if rng.random() < 0.15:
        first = rng.choice(BEFORE)
        text = (first.lower() if case < 0.25 else first) + text
    if rng.random() < 0.03:
        text = rng.choice([text + " ", " " + text, text + "\n", text.replace(" ", "  ", 1)])
    return text
