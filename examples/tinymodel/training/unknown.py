"""Prompts the model can not answer, so that it learns to say so: the largest theme, because people type anything."""

import random

import facts as F
from themes import State, Turn, syllables

LANGUAGES = ["French", "German", "Spanish", "Latin", "Japanese", "Italian", "Welsh", "Chinese", "Dutch", "Polish"]
CODE = ["Python", "Go", "JavaScript", "Rust", "SQL", "C", "Java", "TypeScript", "bash", "HTML"]
ADJECTIVES = ["detailed", "short", "long", "funny", "formal", "critical", "careful", "technical", "simple", "complete", "five page", "friendly"]
FORMS = ["analysis", "essay", "report", "summary", "letter", "blog post", "song", "speech", "plan", "email", "review", "tutorial",
         "comparison", "list", "article", "guide", "tweet", "proposal", "thesis", "press release", "checklist"]

ABOUT = [  # templates over a topic
    "Write a {a} {f} of {t}", "Write a {a} {f} about {t}", "Write an {f} about {t}", "Write a {f} on {t}", "Summarize {t}", "Compare {t} and {u}",
    "Compare {t} with {u} and give your opinion", "What are the main causes of {t}?", "What are the pros and cons of {t}?", "How does {t} work?",
    "Why is {t} important?", "Who invented {t}?", "When did {t} start?", "Give me ten ideas about {t}", "Help me with {t}",
    "I need help with {t}", "What do experts say about {t}?", "Analyze {t} step by step", "Analyse the impact of {t} on {u}",
    "Discuss {t} and {u} in a {a} {f}", "Give me a {a} {f} about {t}", "Can you write a {f} about {t}?", "Plan {t} for me",
    "What is the best book about {t}?", "Where can I learn about {t}?", "Explain the history of {t}", "Explain how {t} affects {u}",
    "What should I know about {t}?", "Create a table about {t}", "How can I improve {t}?", "Prove that {t} is better than {u}",
    "Act as an expert on {t} and answer my questions", "What happens if {t} fails?", "Describe the future of {t}", "Make a plan for {t}",
    "Think carefully about {t} and tell me what you find", "How much does {t} cost?", "Recommend a film about {t}",
]
PERSONAL = [
    "How old are you?", "What time is it?", "What is the weather like today?", "What day is it today?", "Do you love me?", "Can you book a flight?",
    "What is the news today?", "Who won the game yesterday?", "Who is the president?", "Where am I?", "What did I eat today?", "Play some music",
    "Send an email to my boss", "Set an alarm", "Order a pizza", "What is the best phone?", "Should I marry her?", "Am I right?",
    "Do you dream?", "Are you happy?", "What is your favourite food?", "Can you see me?", "What is my age?", "Where do I live?",
    "Open the door", "Buy me a ticket", "Draw a picture", "Show me a photo", "Search the web", "Call my mother", "Why?", "How?", "What?",
    "What if not?", "Tell me more", "Go on", "Are you sure?", "I do not understand", "No", "Yes", "Maybe", "OK", "Sing a song", "What is new?",
    "Solve this equation", "Fix my code", "Write code", "Write a poem", "Write something", "Say something", "Do it again", "Explain", "Explain this",
    "What is the meaning of life?", "What is the answer to everything?", "Who is Albert Einstein?", "Who wrote Hamlet?",
    "Who painted the Mona Lisa?", "When was the war?", "How far is the moon?", "How tall is the tower?", "How deep is the ocean?",
    "What is the largest country?", "What is the longest river?", "What is the square root of 144?", "What is pi?",
    "How do I cook rice?", "How do I learn Go?", "How do I tie a tie?", "How do I deploy this?", "lorem ipsum", "asdf", "foo bar", "qwerty",
]
GLUE = ["the", "a", "of", "in", "and", "to", "for", "with", "on", "is", "was", "that", "from", "by", "are", "has", "not", "at", "will", "it"]

# Words the other themes answer for; a prompt built from random words must not ask for one of them by accident.
KNOWN = {w for pair in F.OPPOSITES for w in pair} | set(F.STORIES) | {a.split(" ")[-1].lower() for key in F.DEFINITIONS for a in key.split("|")} \
    | {thing.split(" ")[-1] for thing in (*F.COLOURS, *F.HAIKU)} | {"story", "haiku", "poem", "joke", "name"}
PLAIN = [w for w in F.WORDS if w not in KNOWN]


def word(rng: random.Random) -> str:
    return rng.choice(PLAIN) if rng.random() < 0.75 else syllables(rng, 2, 4)


def sentence(rng: random.Random, low: int = 4, high: int = 14) -> str:
    words = []
    for _ in range(rng.randint(low, high)):
        words.append(rng.choice(GLUE) if rng.random() < 0.4 else word(rng))
    return " ".join(words).capitalize() + rng.choice([".", ".", ".", "!", "?"])


def topic(rng):
    return rng.choice(F.TOPICS) if rng.random() < 0.55 else " ".join(word(rng) for _ in range(rng.randint(1, 3)))


def about(rng):
    return rng.choice(ABOUT).format(t=topic(rng), u=topic(rng), a=rng.choice(ADJECTIVES), f=rng.choice(FORMS))


def near_miss(rng):
    """The shape of a question from another theme, about something that theme does not know."""
    w, v = word(rng), word(rng)
    country = rng.choice(list(F.CAPITALS))
    place = rng.choice(F.UNKNOWN_PLACES + [syllables(rng, 2, 3).capitalize()])
    term = rng.choice(F.UNKNOWN_TERMS) if rng.random() < 0.5 else rng.choice([w, f"a {w}", f"the {w}", f"{w} {v}"])
    big, big2, small = rng.randint(30, 999), rng.randint(30, 999), rng.randint(1, 20)
    return rng.choice([
        lambda: rng.choice(["What is the capital of {}?", "Capital of {}?", "Which city is the capital of {}?"]).format(place),
        lambda: rng.choice(["Who is the president of {}?", "What is the population of {}?", "Where is {}?", "What language do they speak in {}?",
                            "Tell me about {}", "How big is {}?", "What do people eat in {}?", "Is {} nice?"]).format(country),
        lambda: rng.choice(["What is {}?", "Explain what {} is", "Define {}", "Explain {}", "What does {} mean?", "Tell me about {}",
                            "Explain {} in simple terms", "Can you explain {}?", "What's {}?", "Describe {}"]).format(term),
        lambda: rng.choice(["What is the opposite of {}?", "Opposite of {}?", "Tell me the opposite of {}"]).format(w),
        lambda: rng.choice(["What is {} + {}?", "{} + {}", "{} - {}", "What is {} times {}?", "{} * {}", "Calculate {} + {}", "How much is {} plus {}?"]
                           ).format(*rng.choice([(big, big2), (big, small), (small, big)])),
        lambda: rng.choice(["What is {} / {}?", "Divide {} by {}", "{} / {}", "What is {} divided by {}?"]).format(small, rng.randint(1, 20)),
        lambda: rng.choice(["Tell me a story about a {}", "Write a story about a {}", "A story about a {}, please", "Write a haiku about {}",
                            "Write a poem about {}"]).format(w),
        lambda: rng.choice(["Count from 1 to {}", "Count to {}", "Count from {} to 5", "Count from 100 to {}"]).format(big + 70),
        lambda: rng.choice(["What colour is a {}?", "What color is the {}?", "What is the colour of a {}?"]).format(w),
        lambda: rng.choice(["How many {}s are in a {}?", "How many {} are there in {}?", "How many {}s does a {} have?"]).format(w, v),
        lambda: rng.choice(["Is a {} a {}?", "Is the {} {}?", "Can a {} {}?", "Does a {} need {}?", "Are {}s bigger than {}s?"]).format(w, v),
        lambda: f"Translate {w} {v} into {rng.choice(LANGUAGES)}",
        lambda: rng.choice([f"Write a {rng.choice(CODE)} function that {w}s a {v}", f"How do I {w} a {v} in {rng.choice(CODE)}?",
                            f"Fix this {rng.choice(CODE)} code: {w}({v}) = {small}", f"What is wrong with {w}.{v}()?"]),
        lambda: rng.choice(["Who is {}?", "Who was {}?", "Where is {}?", "When was {} born?"]).format(syllables(rng).capitalize() + " " + syllables(rng).capitalize()),
        lambda: rng.choice(["What comes after {}?", "What is before {}?", "Spell {}", "How do you pronounce {}?", "What rhymes with {}?"]).format(w),
    ])()


def long_text(rng):
    """A pasted document. Long prompts are what a router sends elsewhere, so they must not derail the model."""
    body = " ".join(sentence(rng) for _ in range(rng.choice([1, 2, 3, 4, 6, 9])))
    lead = rng.choice(["Summarize the following text: ", "Summarise this: ", "Correct the grammar: ", "Translate this into French: ", "What is this about? ",
                       "Answer the question about this text. ", "Read this and give me the main points:\n\n", "", "", "Rewrite this text: ",
                       "Here is a document.\n", "Extract all dates from this text: ", "I have this text: "])
    return lead + body


def chatter(rng):
    return rng.choice([lambda: sentence(rng, 2, 10), lambda: f"I {word(rng)} my {word(rng)}", f"Why do {word(rng)}s {word(rng)}?".format,
                       lambda: f"How does the {word(rng)} {word(rng)} the {word(rng)}?", lambda: f"The {word(rng)} is in the {word(rng)}",
                       lambda: " ".join(syllables(rng) for _ in range(rng.randint(1, 5))), lambda: word(rng),
                       lambda: f"Can you {word(rng)} the {word(rng)} for me?", lambda: f"I want to {word(rng)} a {word(rng)}",
                       lambda: f"Which {word(rng)} is better, {word(rng)} or {word(rng)}?", lambda: f"When will the {word(rng)} {word(rng)}?"])()


def unknown(rng: random.Random, state: State) -> Turn:
    make = rng.choices([about, near_miss, long_text, chatter, lambda r: r.choice(PERSONAL)], [30, 36, 9, 15, 10])[0]
    return Turn("unknown", [make(rng)], F.FALLBACK)
