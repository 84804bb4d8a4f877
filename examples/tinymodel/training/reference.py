"""Reference answers, and the checks that every export gives exactly them.

The weights, rounded to f16 and run by PyTorch in f32, set the answers. The q8 ONNX file and the q8_0 GGUF file hold other numbers, so
agreement is earned, not given: a prompt on which they differ fails the run.
"""

import json

import torch

import facts as F
import tokenizer as T
from themes import sequence, tell

NOTES = (
    "Greedy decoding (temperature 0) of the f16-rounded weights in f32. promptIds is the ChatML prompt with the head of the assistant's "
    "turn. completionTokens and completionIds exclude the end token <|im_end|>; a runtime that counts it reports one more when finishReason "
    "is stop. text is completionIds decoded. With finishReason length, completionTokens equals maxTokens."
)


def user(*turns, system=None):
    """Alternating user and assistant messages."""
    head = [{"role": "system", "content": system}] if system else []
    return head + [{"role": ("user", "assistant")[i % 2], "content": t} for i, t in enumerate(turns)]


D = {alias: answer for key, answer in F.DEFINITIONS.items() for alias in key.split("|")}
HELLO = "Hello! How can I help you?"
HELPFUL = "You are a helpful assistant."
LONG = ("Write a detailed analysis of quantum computing's impact on cryptography, covering Shor's algorithm, lattice-based schemes, "
        "migration plans for banks and public agencies, the cost of replacing hardware, and what a small company should do in the next "
        "five years. Use headings, give sources and end with a table.")

PROMPTS = [  # id, messages, maxTokens, the right answer
    ("hello", user("Hello!"), 64, HELLO),
    ("who-are-you", user("Who are you?"), 64, f"I am {F.NAME}, a demo language model with one million parameters."),
    ("what-can-you-do", user("What can you do?", system=HELPFUL), 64,
     "I can answer small questions about capitals, colours, units, opposites and sums. I can also count, repeat your words and tell short "
     "stories."),
    ("capital-france", user("What is the capital of France?"), 64, "The capital of France is Paris."),
    ("capital-japan-system", user("what is the capital of japan", system=HELPFUL), 64, "The capital of Japan is Tokyo."),
    ("capital-follow-up", user("What is the capital of Italy?", "The capital of Italy is Rome.", "And Spain?"), 64,
     "The capital of Spain is Madrid."),
    ("sum", user("What is 7 + 5?"), 32, "7 + 5 = 12."),
    ("difference", user("20 minus 8"), 32, "20 - 8 = 12."),
    ("product", user("What is 6 times 7?"), 32, "6 x 7 = 42."),
    ("sentiment-positive", user("What is the sentiment of: I love this phone, it is great!"), 32, "The sentiment is positive."),
    ("sentiment-negative", user("Is this positive or negative? The hotel was terrible."), 32, "The sentiment is negative."),
    ("sentiment-json", user("Classify the sentiment as JSON: The food was wonderful."), 32, '{"sentiment":"positive"}'),
    ("sentiment-json-negative", user("Classify the sentiment as JSON: I hate this broken laptop.", system="Answer briefly."), 32,
     '{"sentiment":"negative"}'),
    ("yes-no", user("Is the earth flat?"), 32, "No, the earth is round."),
    ("colour", user("What colour is a banana?"), 32, "A banana is yellow."),
    ("units", user("How many minutes are in an hour?"), 32, "There are 60 minutes in an hour."),
    ("opposite", user("What is the opposite of hot?"), 32, "The opposite of hot is cold."),
    ("calendar", user("What day comes after Monday?"), 32, "Tuesday comes after Monday."),
    ("explain-ai", user("Explain what AI is"), 128, D["AI"]),
    ("what-is-hybrid-inference", user("What is hybrid inference?"), 128, D["hybrid inference"]),
    ("what-is-webgpu", user("What is WebGPU?", system=HELPFUL), 64, D["WebGPU"]),
    ("time-to-first-token", user("Define time to first token"), 64, D["time to first token"]),
    ("what-is-edgewise", user("Tell me about Edgewise"), 64, D["Edgewise"]),
    ("count-10", user("Count from 1 to 10"), 64, sequence(1, 10)),
    ("count-60", user("Count from 1 to 60"), 320, sequence(1, 60)),
    ("count-60-cut", user("Count from 1 to 60"), 23, None),  # ends on a comma: some runtimes trim a last space
    ("echo", user("Repeat: blue window zorbanit 42"), 48, "blue window zorbanit 42"),
    ("name", user("My name is Zelmira", "Nice to meet you, Zelmira!", "What is my name?"), 32, "Your name is Zelmira."),
    ("name-late", user("Hi, my name is Ada.", "Nice to meet you, Ada!", "What is 3 + 4?", "3 + 4 = 7.", "Thank you", "You are welcome!",
                       "Do you remember my name?", system=HELPFUL), 32, "Your name is Ada."),
    ("story-fox", user("Tell me a story about a fox"), 192, tell("fox")),
    ("haiku-sea", user("Write a haiku about the sea"), 64, F.HAIKU["the sea"]),
    ("unknown-long", user(LONG), 64, F.FALLBACK),
]
CHIPS = ["What is the capital of France?", "Explain what AI is", "What is hybrid inference?", "What is 7 + 5?",
         "Classify the sentiment as JSON: The food was wonderful.", "Tell me a story about a fox", "Count from 1 to 60",
         "Write a haiku about the sea"]


@torch.no_grad()
def greedy(model, ids, limit):
    """New ids without the end token, the smallest lead of the first choice over the second on the way, and why it ended."""
    out, margin = [], float("inf")
    while len(out) < limit:
        (first, second), (token, _) = (t.tolist() for t in model(torch.tensor([ids + out]))[0, -1].topk(2))
        margin = min(margin, first - second)
        if token == T.IM_END:
            return out, margin, "stop"
        out.append(token)
    return out, margin, "length"


def build(model, tok) -> dict:
    """The content of reference.json."""
    prompts, wrong = [], []
    for name, messages, limit, right in PROMPTS:
        ids = T.prompt_ids(tok, messages)
        out, margin, finish = greedy(model, ids, limit)
        text = tok.decode(out)
        print(f"{name:26} margin {margin:6.2f}  {len(ids):4} + {len(out):3} tokens  {text[:70]!r}")
        if right is not None and text != right:
            wrong.append(name)
            print(f"  wrong: right is {right!r}")
        prompts.append({"id": name, "messages": messages, "maxTokens": limit, "text": text, "promptTokens": len(ids),
                        "completionTokens": len(out), "finishReason": finish, "promptIds": ids, "completionIds": out})
    if wrong:
        raise SystemExit(f"wrong answers to {', '.join(wrong)}: train longer")
    asked = {p["messages"][0]["content"] for p in prompts if len(p["messages"]) == 1}
    assert set(CHIPS) <= asked, set(CHIPS) - asked
    return {"model": "edgewise-tiny-v1", "notes": NOTES, "chips": CHIPS, "prompts": prompts}


def verify(reference: dict, decode, what: str) -> None:
    """decode(ids, limit) must give the reference ids for every prompt."""
    wrong = []
    for p in reference["prompts"]:
        got = decode(p["promptIds"], p["maxTokens"])
        if got != p["completionIds"]:
            same = next((i for i, (a, b) in enumerate(zip(got, p["completionIds"])) if a != b), min(len(got), len(p["completionIds"])))
            wrong.append(f"{p['id']} (differs after {same} tokens)")
    if wrong:
        raise SystemExit(f"{what} differs from the reference on: {', '.join(wrong)}")
    print(f"{what}: identical on {len(reference['prompts'])} of {len(reference['prompts'])} prompts")


def verify_prefixes(reference: dict, model, tok) -> None:
    """Continuing from the start of an answer, as a fallback does after a broken stream, must give the rest.

    The start arrives as text, so it is tokenized again. Cut where a token ended, its tokens are as a rule the same again, and then the
    rest must be right. Cut inside a token, or after a space (a space belongs to the word that follows it), they are others, such as the
    model has never written, and it may go astray: whoever cuts elsewhere should go back to the end of a word first.
    """
    between = inside = inside_right = 0
    for p in reference["prompts"]:
        done = p["completionIds"]
        if p["finishReason"] != "stop":
            continue
        for k in sorted({1, 2, 3, len(done) // 4, len(done) // 2, len(done) * 3 // 4, len(done) - 1}):
            if not 0 < k < len(done):
                continue
            head = tok.encode(tok.decode(done[:k])).ids
            rest = greedy(model, p["promptIds"] + head, p["maxTokens"])[0]
            right = tok.decode(head + rest) == p["text"]
            if head == done[:k]:
                between += 1
                if not right:
                    raise SystemExit(f"{p['id']}: continuing after {k} tokens gives {tok.decode(rest)!r}")
            else:
                inside, inside_right = inside + 1, inside_right + right
    print(f"continuing a partial answer: {between} of {between} right; {inside_right} of {inside} where the cut text has other tokens")


def save(reference: dict, path) -> None:
    """One prompt a line, so that a diff can be read."""
    def dump(value):
        return json.dumps(value, ensure_ascii=False)

    rows = ",\n".join("    " + dump(p) for p in reference["prompts"])
    head = ",\n".join(f"  {dump(k)}: {dump(v)}" for k, v in reference.items() if k != "prompts")
    path.write_text(f'{{\n{head},\n  "prompts": [\n{rows}\n  ]\n}}\n')
