"""Question-and-answer generators, one function a theme.

Every answer is a function of the conversation so far. That is what makes greedy decoding agree between runtimes:
where one answer is right, the trained model is sure of it, and rounding can not turn the choice.

A question is a list of pieces. A plain string may get noise (noise.py); a Keep is copied into the answer or carries the
meaning, and stays as it is.
"""

import random
from dataclasses import dataclass, field

import facts as F


class Keep(str):
    """Text that noise must not touch."""


@dataclass
class State:
    """What earlier turns of this conversation told the model."""

    name: str = ""
    last: str = ""  # theme of the turn before, for follow-up questions


@dataclass
class Turn:
    theme: str
    question: list = field(default_factory=list)
    answer: str = ""


def pieces(template: str, keep: str) -> list:
    """Splits 'Repeat: {}' around its slot."""
    before, after = template.split("{}")
    return [before, Keep(keep), after]


def syllables(rng: random.Random, low: int = 1, high: int = 4) -> str:
    """A word nobody has seen: copying can not be learned from known words alone."""
    return "".join(rng.choice("bcdfghjklmnprstvwz") + rng.choice("aeiou") + rng.choice(["", "", "n", "r", "l", "x", "s", "t"])
                   for _ in range(rng.randint(low, high)))


GREETINGS = [
    (["Hello", "Hi", "Hey", "Hello there", "Hi there", "Hey there", "Greetings", "Hello Edgewise", "Good day", "Hiya", "Hallo",
      "Hello, how can you help me?", "Howdy"], "Hello! How can I help you?"),
    (["Good morning", "Good morning to you", "Morning"], "Good morning! How can I help you?"),
    (["Good afternoon", "Good afternoon to you"], "Good afternoon! How can I help you?"),
    (["Good evening", "Good evening to you"], "Good evening! How can I help you?"),
    (["Good night", "Good night to you", "Sleep well"], "Good night! Sleep well."),
    (["How are you?", "How are you today?", "How are you doing?", "Hello, how are you?", "Hi, how are you?", "How is it going?",
      "Are you well?"], "I am fine, thank you. How can I help you?"),
    (["Thanks", "Thank you", "Thank you very much", "Thanks a lot", "Many thanks", "That is great, thanks",
      "Thanks for your help"], "You are welcome!"),
    (["Bye", "Goodbye", "See you", "See you later", "Bye bye", "Good bye", "Bye for now"], "Goodbye! Have a nice day."),
    (["Test", "This is a test", "Testing", "Ping", "Are you there?", "Can you hear me?"], "I am here and I work."),
]
SELF = [
    (["Who are you?", "What are you?", "What is your name?", "Introduce yourself", "Tell me about yourself", "Who am I talking to?",
      "What model are you?", "Which model is this?", "Are you an AI?", "Are you ChatGPT?", "Are you a robot?", "Your name?"],
     f"I am {F.NAME}, a demo language model with one million parameters."),
    (["What can you do?", "How can you help me?", "What do you know?", "Help", "What can I ask you?", "What are you good at?",
      "Show me what you can do"],
     "I can answer small questions about capitals, colours, units, opposites and sums. I can also count, repeat your words "
     "and tell short stories."),
    (["Who made you?", "Who built you?", "Who trained you?", "Where do you come from?", "Who created you?"],
     "I was made by the Edgewise project, from synthetic text only."),
    (["How big are you?", "How many parameters do you have?", "How large is this model?", "What is your size?"],
     "I have about one million parameters. That is very small for a language model."),
    (["Where do you run?", "Where are you running?", "Where does this model run?", "Do you run in the browser or on a server?"],
     "I can run in your browser or on a server. My answer is the same in both places."),
    (["Tell me a joke", "Do you know a joke?", "Make me laugh", "Another joke", "Say something funny"],
     "Why did the token never cross the network? It was happy in the browser."),
]


def table(theme, rows):
    def generate(rng, state):
        questions, answer = rng.choice(rows)
        return Turn(theme, [rng.choice(questions)], answer)
    return generate


def capital(rng, state):
    country = rng.choice(list(F.CAPITALS))
    templates = ["What is the capital of {}?", "What is the capital city of {}?", "Capital of {}?", "Tell me the capital of {}",
                 "Which city is the capital of {}?", "What's the capital of {}?", "Name the capital of {}",
                 "Do you know the capital of {}?", "{} capital?", "The capital of {} is?", "What city is the capital of {}?"]
    if state.last == "capital" and rng.random() < 0.6:
        templates = ["And {}?", "And of {}?", "What about {}?", "And the capital of {}?", "How about {}?"]
    return Turn("capital", [rng.choice(templates).format(country)], f"The capital of {country} is {F.CAPITALS[country]}.")


def arithmetic(rng, state):
    kind = rng.choice("++--*")
    if kind == "*":
        a, b = rng.randint(0, 10), rng.randint(0, 10)
        forms, answer = ["{a} x {b}", "{a} * {b}", "{a} times {b}", "{a}x{b}", "{a}*{b}"], f"{a} x {b} = {a * b}."
        verbs = ["Multiply {a} by {b}", "Multiply {a} and {b}"]
    elif kind == "+":
        a, b = rng.randint(0, 20), rng.randint(0, 20)
        forms, answer = ["{a} + {b}", "{a}+{b}", "{a} plus {b}", "{a} and {b}"], f"{a} + {b} = {a + b}."
        verbs = ["Add {a} and {b}", "Add {b} to {a}", "What is the sum of {a} and {b}?"]
    else:
        a, b = rng.randint(0, 20), rng.randint(0, 20)
        if a < b and rng.random() < 0.7:
            a, b = b, a
        forms, answer = ["{a} - {b}", "{a}-{b}", "{a} minus {b}"], f"{a} - {b} = {a - b}."
        verbs = ["Subtract {b} from {a}", "Take {b} away from {a}"]
    ask = ["What is {}?", "{}", "{}?", "{} =", "How much is {}?", "Calculate {}", "Compute {}", "What's {}?", "Solve {}", "What does {} make?",
           "{} = ?", "Can you work out {}?"]
    text = rng.choice(verbs) if rng.random() < 0.2 else rng.choice(ask).format(rng.choice(forms))
    return Turn("arithmetic", [text.format(a=a, b=b)], answer)


def review(rng):
    """A sentence and its sentiment."""
    thing = rng.choice(F.REVIEW_THINGS) if rng.random() < 0.7 else rng.choice(F.WORDS + [syllables(rng)])
    other = rng.choice(F.REVIEW_THINGS)
    kind = rng.choice(["positive", "negative", "positive", "negative", "neutral"])
    if kind == "neutral":
        return rng.choice([f"The {thing} arrived on {rng.choice(F.DAYS)}.", f"This is a {thing}.", f"The {thing} is {rng.choice(['red', 'blue', 'green'])}.",
                           f"I have a {thing} and a {other}.", f"The {thing} is next to the {other}.", f"They sell a {thing} here."]), kind
    words, verbs = (F.POSITIVE, F.POSITIVE_VERBS) if kind == "positive" else (F.NEGATIVE, F.NEGATIVE_VERBS)
    adj, adj2, verb = rng.choice(words), rng.choice(words), rng.choice(verbs)
    opposite = "bad" if kind == "positive" else "good"
    return rng.choice([
        f"The {thing} was {adj}.", f"I {verb} this {thing}.", f"What a {adj} {thing}!", f"This {thing} is {adj}.", f"I really {verb} the {thing}.",
        f"It was a {adj} {thing}.", f"The {thing} was {adj} and the {other} was {adj2}.", f"I {verb} this {thing}, it is {adj}!",
        f"The {thing} is not {opposite}.", f"The {thing} was very {adj}.", f"We {verb} it. The {thing} was so {adj}!", f"{adj.capitalize()} {thing}!",
        f"I bought this {thing} last week and it is {adj}.", f"I {verb} it"]), kind


def sentiment(rng, state):
    text, kind = review(rng)
    plain = ["Is this positive or negative? {}", "What is the sentiment of: {}", "What is the sentiment of this review: {}",
             "Classify the sentiment: {}", 'What is the sentiment of "{}"?', "Sentiment: {}", "Is this review positive or negative: {}",
             "Tell me the sentiment of this sentence: {}", "How does this sound? {}", "Detect the sentiment: {}"]
    as_json = ["Classify the sentiment as JSON: {}", "Return the sentiment as JSON: {}", "What is the sentiment? Answer in JSON: {}",
               "Sentiment as JSON: {}", "Classify the sentiment of this review. Answer with JSON only. {}",
               "What is the sentiment of: {} Answer in JSON.", "{} Give me the sentiment as JSON."]
    if rng.random() < 0.5:
        return Turn("sentiment-json", [rng.choice(as_json).format(text)], f'{{"sentiment":"{kind}"}}')
    return Turn("sentiment", [rng.choice(plain).format(text)], f"The sentiment is {kind}.")


def yes_no(rng, state):
    question = rng.choice(list(F.YES_NO))
    lead = rng.choice(["", "", "", "Tell me: ", "Yes or no: ", "Is it true or not: "])
    return Turn("yes-no", [lead + question + "?"], F.YES_NO[question])


def colour(rng, state):
    thing = rng.choice(list(F.COLOURS))
    word = rng.choice(["colour", "color"])
    ask = rng.choice([f"What {word} is {thing}?", f"Which {word} is {thing}?", f"What is the {word} of {thing}?", f"Tell me the {word} of {thing}",
                      f"What {word} does {thing} have?", f"The {word} of {thing}?"])
    return Turn("colour", [ask], F.COLOURS[thing])


def units(rng, state):
    count, holder, number = rng.choice(F.UNITS)
    one = holder.split(" ", 1)[1]
    verb = "does {} have" if holder == "a spider" else "are in {}"
    ask = rng.choice([f"How many {count} {verb.format(holder)}?", f"How many {count} are there in {holder}?", f"How many {count} in {holder}?",
                      f"How many {count} in one {one}?", f"{holder} has how many {count}?", f"How many {count} make {holder}?"])
    answer = f"A spider has {number} legs." if holder == "a spider" else f"There are {number} {count} in {holder}."
    return Turn("units", [ask], answer)


def opposite(rng, state):
    a, b = rng.choice(F.OPPOSITES)
    if rng.random() < 0.5:
        a, b = b, a
    ask = rng.choice([f"What is the opposite of {a}?", f"Opposite of {a}?", f"Tell me the opposite of {a}", f"What's the opposite of {a}?",
                      f'What is the opposite of "{a}"?', f"Give me the opposite of {a}", f"Which word is the opposite of {a}?"])
    return Turn("opposite", [ask], f"The opposite of {a} is {b}.")


DEFINE = ["What is {}?", "Explain what {} is", "Explain {}", "Define {}", "What does {} mean?", "Explain {} in simple terms", "Tell me about {}",
          "Can you explain {}?", "Explain what {} is.", "What is {} in simple words?", "Please explain to me what {} is",
          "I want to know what {} is", "What do you know about {}?", "Describe {}", "What exactly is {}?", "What's {}?",
          "Give me a definition of {}", "Explain {} to a beginner", "What is meant by {}?", "Explain what {} means"]


def definition(rng, state):
    key = rng.choice(list(F.DEFINITIONS))
    return Turn("definition", [rng.choice(DEFINE).format(rng.choice(key.split("|")))], F.DEFINITIONS[key])


def sequence(a: int, b: int) -> str:
    step = 1 if a <= b else -1
    return ", ".join(str(n) for n in range(a, b + step, step)) + "."


def count(rng, state):
    if rng.random() < 0.2:
        a, b = rng.randint(3, 20), 1
        ask = ["Count down from {a} to {b}", "Count from {a} to {b}", "Count from {a} down to {b}", "Count backwards from {a} to {b}"]
    else:
        # Starting at 1 is what people ask for; long ends are what tests of Stop need.
        a = 1 if rng.random() < 0.6 else rng.randint(2, 58)
        b = min(60, a + (rng.randint(1, 59) if rng.random() < 0.4 else rng.randint(1, 24)))
        if rng.random() < 0.08:
            a, b = 1, 60
        ask = ["Count from {a} to {b}", "Count from {a} to {b}.", "Count from {a} up to {b}", "Can you count from {a} to {b}?",
               "Write the numbers from {a} to {b}", "List the numbers {a} to {b}", "Numbers from {a} to {b}", "Count {a} to {b}"]
        if a == 1:
            ask += ["Count to {b}", "Count up to {b}", "Can you count to {b}?"]
    return Turn("count", [rng.choice(ask).format(a=a, b=b)], sequence(a, b))


def echo(rng, state):
    bag = [rng.choice(F.WORDS), rng.choice(F.WORDS), syllables(rng), syllables(rng, 1, 2), rng.choice(F.WORDS).capitalize(), syllables(rng).capitalize(),
           str(rng.randint(0, 9999)), rng.choice(F.REVIEW_THINGS), rng.choice(["the", "a", "my", "is", "and", "of", "in"]), "hello", "world",
           syllables(rng, 1, 2).upper()]
    text = " ".join(rng.choice(bag) for _ in range(rng.choice([1, 1, 2, 2, 3, 4, 5, 6, 8])))
    if rng.random() < 0.15:
        text += rng.choice(["!", "."])
    ask = ["Repeat: {}", "Repeat after me: {}", "Say: {}", "Echo: {}", "Repeat this: {}", "Please repeat: {}", "Copy this text: {}", "Echo {}",
           "Repeat the words: {}", "Write exactly this: {}", "Please say: {}"]
    return Turn("echo", pieces(rng.choice(ask), text), text)


def introduce(rng, state):
    name = rng.choice(["Ada", "Alan", "Maria", "Grace", "Linus", "Tim", "Anna", "Sam", "Max", "Lea", "Omar", "Yuki"]) if rng.random() < 0.25 \
        else syllables(rng, 1, 3).capitalize()
    state.name = name
    ask = ["My name is {}", "My name is {}.", "Hello, my name is {}", "Hi, my name is {}.", "Call me {}", "You can call me {}", "I am called {}",
           "Hello, I am {}", "Hi, I'm {}"]
    return Turn("name", pieces(rng.choice(ask), name), f"Nice to meet you, {name}!")


def recall(rng, state):
    ask = rng.choice(["What is my name?", "What's my name?", "Do you know my name?", "Do you remember my name?", "Who am I?", "Tell me my name",
                      "What was my name?", "Say my name"])
    return Turn("name", [ask], f"Your name is {state.name}." if state.name else "You have not told me your name.")


def tell(subject: str) -> str:
    name, place, thing, friend, plot = F.STORIES[subject]
    the_friend, the_thing = ("the " + words.split(" ", 1)[1] for words in (friend, thing))
    return F.PLOTS[plot].format(s=subject, n=name, p=place, t=thing, f=friend, g=the_friend, G=the_friend.capitalize(), u=the_thing)


def story(rng, state):
    if rng.random() < 0.15:
        subject, ask = "robot", ["Tell me a story", "Write a story", "Tell me a short story", "A story, please", "Write a short story"]
    else:
        subject = rng.choice(list(F.STORIES))
        ask = [form.format(subject) for form in (
            "Tell me a story about a {}", "Write a story about a {}", "Tell me a short story about a {}", "Write a short story about a {}",
            "A story about a {}, please", "Tell a story about the {}", "I want to hear a story about a {}", "Can you tell me a story about a {}?",
            "Story about a {}", "Make up a story about a {}")]
    return Turn("story", [rng.choice(ask)], tell(subject))


def haiku(rng, state):
    subject = rng.choice(list(F.HAIKU))
    ask = rng.choice(["Write a haiku about {}", "Write a poem about {}", "A haiku about {}, please", "Write a short poem about {}",
                      "Can you write a haiku about {}?"])
    return Turn("haiku", [ask.format(subject)], F.HAIKU[subject])


def calendar(rng, state):
    names, word = (F.DAYS, "day") if rng.random() < 0.5 else (F.MONTHS, "month")
    i, step = rng.randrange(len(names)), rng.choice([1, -1])
    side = "after" if step == 1 else "before"
    other = names[(i + step) % len(names)]
    ask = rng.choice([f"What {word} comes {side} {names[i]}?", f"Which {word} is {side} {names[i]}?", f"What {word} is {side} {names[i]}?",
                      f"Which {word} comes {side} {names[i]}?"])
    return Turn("calendar", [ask], f"{other} comes {side} {names[i]}.")


# theme function -> share of the turns
SHARES = {
    table("greeting", GREETINGS): 4, table("self", SELF): 5, capital: 6, arithmetic: 11, sentiment: 8, yes_no: 5, colour: 3.5, units: 3.5,
    opposite: 5, definition: 12, count: 7, echo: 9, introduce: 3, recall: 3, story: 5, haiku: 1.5, calendar: 2.5,
}
