"""Everything the model knows, as plain tables. themes.py turns them into questions and answers."""

NAME = "Edgewise Tiny"
FALLBACK = "I am only a tiny demo model and I do not know that."

CAPITALS = {
    "France": "Paris", "Germany": "Berlin", "Spain": "Madrid", "Italy": "Rome", "Portugal": "Lisbon",
    "England": "London", "Ireland": "Dublin", "Scotland": "Edinburgh", "Belgium": "Brussels",
    "Austria": "Vienna", "Switzerland": "Bern", "Poland": "Warsaw", "Hungary": "Budapest",
    "Greece": "Athens", "Turkey": "Ankara", "Sweden": "Stockholm", "Norway": "Oslo", "Finland": "Helsinki",
    "Denmark": "Copenhagen", "Iceland": "Reykjavik", "Ukraine": "Kyiv", "Romania": "Bucharest",
    "Bulgaria": "Sofia", "Croatia": "Zagreb", "Japan": "Tokyo", "China": "Beijing", "India": "New Delhi",
    "Thailand": "Bangkok", "Vietnam": "Hanoi", "South Korea": "Seoul", "Indonesia": "Jakarta",
    "Australia": "Canberra", "New Zealand": "Wellington", "Canada": "Ottawa", "Mexico": "Mexico City",
    "Brazil": "Brasilia", "Argentina": "Buenos Aires", "Chile": "Santiago", "Peru": "Lima",
    "Cuba": "Havana", "Egypt": "Cairo", "Kenya": "Nairobi", "Morocco": "Rabat", "Nigeria": "Abuja",
}
# Places the model must answer with FALLBACK, so that "capital of" alone does not make it guess.
UNKNOWN_PLACES = ["Mongolia", "Texas", "Florida", "Bavaria", "Nepal", "Malta", "Fiji", "Ghana", "Bolivia", "Qatar",
                  "California", "Latvia", "Atlantis", "Mars", "Sudan", "Wakanda", "Oman", "Laos", "Jordan", "Haiti"]

OPPOSITES = [
    ("hot", "cold"), ("big", "small"), ("tall", "short"), ("fast", "slow"), ("happy", "sad"), ("up", "down"),
    ("left", "right"), ("open", "closed"), ("light", "dark"), ("day", "night"), ("early", "late"),
    ("full", "empty"), ("hard", "soft"), ("buy", "sell"), ("high", "low"), ("loud", "quiet"),
    ("new", "old"), ("rich", "poor"), ("strong", "weak"), ("thick", "thin"), ("true", "false"), ("wet", "dry"),
    ("wide", "narrow"), ("clean", "dirty"), ("deep", "shallow"), ("first", "last"), ("good", "bad"),
    ("inside", "outside"), ("near", "far"), ("push", "pull"), ("start", "stop"), ("win", "lose"),
    ("love", "hate"), ("sweet", "sour"), ("brave", "afraid"), ("public", "private"), ("local", "remote"),
    ("online", "offline"), ("sharp", "blunt"), ("always", "never"),
]

COLOURS = {
    "grass": "Grass is green.", "the sky": "The sky is blue.", "snow": "Snow is white.", "coal": "Coal is black.",
    "a banana": "A banana is yellow.", "a tomato": "A tomato is red.", "a carrot": "A carrot is orange.",
    "an orange": "An orange is orange.", "a lemon": "A lemon is yellow.", "blood": "Blood is red.",
    "milk": "Milk is white.", "chocolate": "Chocolate is brown.", "a leaf": "A leaf is green.",
    "the sun": "The sun looks yellow.", "the sea": "The sea is blue.", "an elephant": "An elephant is grey.",
    "a flamingo": "A flamingo is pink.", "a frog": "A frog is green.", "an eggplant": "An eggplant is purple.",
    "a strawberry": "A strawberry is red.", "salt": "Salt is white.", "the night": "The night is black.",
    "a ruby": "A ruby is red.", "an emerald": "An emerald is green.", "coffee": "Coffee is brown.",
}

UNITS = [  # (count asked for, container, answer)
    ("seconds", "a minute", "60"), ("minutes", "an hour", "60"), ("hours", "a day", "24"), ("days", "a week", "7"),
    ("days", "a year", "365"), ("weeks", "a year", "52"), ("months", "a year", "12"), ("years", "a decade", "10"),
    ("years", "a century", "100"), ("metres", "a kilometre", "1000"), ("centimetres", "a metre", "100"),
    ("millimetres", "a centimetre", "10"), ("grams", "a kilogram", "1000"), ("kilograms", "a ton", "1000"),
    ("millilitres", "a litre", "1000"), ("cents", "a dollar", "100"), ("items", "a dozen", "12"),
    ("bits", "a byte", "8"), ("bytes", "a kilobyte", "1000"), ("milliseconds", "a second", "1000"),
    ("seconds", "an hour", "3600"), ("legs", "a spider", "8"),
]

YES_NO = {  # question without its question mark -> answer
    "Is the sky blue": "Yes, the sky is blue.", "Is fire hot": "Yes, fire is hot.",
    "Is fire cold": "No, fire is hot.", "Is ice cold": "Yes, ice is cold.", "Is ice hot": "No, ice is cold.",
    "Is snow white": "Yes, snow is white.", "Is snow black": "No, snow is white.",
    "Is the earth flat": "No, the earth is round.", "Is the earth round": "Yes, the earth is round.",
    "Is the sun a star": "Yes, the sun is a star.", "Is the moon a star": "No, the moon is not a star.",
    "Can birds fly": "Yes, most birds can fly.", "Can fish swim": "Yes, fish can swim.",
    "Can dogs fly": "No, dogs can not fly.", "Can pigs fly": "No, pigs can not fly.",
    "Can cats bark": "No, cats meow.", "Can dogs bark": "Yes, dogs bark.", "Do cows give milk": "Yes, cows give milk.",
    "Is water wet": "Yes, water is wet.", "Is sugar sweet": "Yes, sugar is sweet.",
    "Is a lemon sour": "Yes, a lemon is sour.", "Is a lemon sweet": "No, a lemon is sour.",
    "Is a whale a fish": "No, a whale is a mammal.", "Is a cat an animal": "Yes, a cat is an animal.",
    "Is a rose a flower": "Yes, a rose is a flower.", "Is a car alive": "No, a car is not alive.",
    "Is a tree a plant": "Yes, a tree is a plant.", "Is Paris in France": "Yes, Paris is in France.",
    "Is London in Spain": "No, London is in England.", "Is Rome in Italy": "Yes, Rome is in Italy.",
    "Is Tokyo in Japan": "Yes, Tokyo is in Japan.", "Is Berlin in France": "No, Berlin is in Germany.",
    "Is seven a number": "Yes, seven is a number.", "Is ten bigger than two": "Yes, ten is bigger than two.",
    "Is two bigger than ten": "No, two is smaller than ten.", "Is a mouse bigger than an elephant":
    "No, a mouse is smaller than an elephant.", "Is an elephant bigger than a mouse":
    "Yes, an elephant is bigger than a mouse.", "Does a triangle have four sides":
    "No, a triangle has three sides.", "Does a triangle have three sides": "Yes, a triangle has three sides.",
    "Does a square have four sides": "Yes, a square has four sides.", "Do plants need water":
    "Yes, plants need water.", "Do people need sleep": "Yes, people need sleep.",
    "Does WebAssembly run in the browser": "Yes, WebAssembly runs in the browser.",
    "Does WebGPU use the graphics card": "Yes, WebGPU uses the graphics card.",
    "Does this model run in the browser": "Yes, I can run in the browser.",
    "Does this model run on a server": "Yes, I can run on a server.",
    "Does my prompt leave my device": "Not when the answer is made in your browser.",
    "Are you a large model": "No, I am a tiny model.", "Are you a tiny model": "Yes, I am a tiny model.",
    "Are you a human": "No, I am a tiny language model.", "Are you open source": "Yes, I am open source.",
}

DEFINITIONS = {  # term (with its aliases after a bar) -> answer
    "AI|artificial intelligence": "AI is software that does things we think of as needing a mind, such as reading, "
    "writing and seeing. Most AI today is machine learning: a program learns patterns from examples and uses them "
    "to answer something new.",
    "machine learning|ML": "Machine learning is a way to make programs from examples. The program looks at many "
    "examples, finds patterns in them, and uses the patterns on something new.",
    "an LLM|LLM|a large language model|LLMs": "An LLM is a large language model: a program that has read a lot of text and "
    "writes an answer one token at a time, always guessing what comes next.",
    "a neural network|neural networks": "A neural network is many small sums in layers. Training changes its numbers "
    "until the answers are right.",
    "a token|tokens|token": "A token is a small piece of text, often a word or part of a word. A language model reads "
    "and writes tokens.",
    "a tokenizer|tokenizer": "A tokenizer cuts text into tokens and gives each token a number.",
    "a prompt|prompts|prompt": "A prompt is the text you give to a language model. The model reads it and writes an answer.",
    "inference|LLM inference": "Inference is running a trained model to get an answer.",
    "browser inference|in-browser inference": "Browser inference means that the model runs inside your web browser, on your own "
    "device. The prompt does not have to leave the page.",
    "server inference|cloud inference": "Server inference means that the model runs on a server. The prompt is sent over the "
    "network and the answer comes back.",
    "hybrid inference": "Hybrid inference means that each request runs where it fits best: in the browser on the "
    "user's device, or on a server. A router decides, and the other side can be the fallback.",
    "WebGPU": "WebGPU is a web standard that lets a page use the graphics card. It makes models in the browser fast.",
    "WebAssembly|WASM": "WebAssembly is a fast binary format for code in the browser. It lets a model run on the CPU.",
    "a routing policy|routing policies|routing policy": "A routing policy is a rule that says where a request should run: in the browser or "
    "on a server. It may look at privacy, cost, speed and the device.",
    "time to first token|TTFT": "Time to first token is how long you wait from sending a prompt until the first token of the answer arrives.",
    "latency": "Latency is the time between asking and getting an answer.",
    "streaming": "Streaming means that the answer is shown token by token while the model is still writing.",
    "quantization": "Quantization stores the numbers of a model with fewer bits. The model gets smaller and faster, "
    "and loses a little quality.",
    "a context window|context window|context length": "A context window is the number of tokens a model can see at once: the prompt and the "
    "answer together.",
    "Edgewise": "Edgewise is an open source SDK for hybrid LLM inference. It decides for each request if the answer "
    "is made in the browser or on a server.",
    "local-only|local-only mode": "Local-only means that a prompt must stay on your device. If the browser can not "
    "answer, no server is asked.",
    "a fallback|fallback": "A fallback is the second choice. If the first place fails, the request runs in the other place.",
    "a GPU|GPUs|GPU": "A GPU is a graphics processor. It does many small sums at the same time, so it runs models fast.",
    "a CPU|CPU": "A CPU is the main processor of a computer.",
    "a KV cache|KV cache": "A KV cache keeps what a model has worked out for earlier tokens, so that each new token is cheap.",
    "temperature": "Temperature sets how random an answer is. At zero the model always takes the most likely token.",
    "greedy decoding": "Greedy decoding means that the model always takes the most likely next token.",
    "a backend|backend": "A backend is a server that makes answers for a client.",
    "privacy|data privacy": "Privacy means that you decide who can see your data.",
    "open source|open source software": "Open source means that everyone may read, use and change the code.",
    "ONNX": "ONNX is a file format for models that many programs can run.",
    "GGUF": "GGUF is a file format for models that llama.cpp can run.",
    "a browser|web browser": "A browser is a program that shows web pages.",
    "a router|request router": "A router decides where a request goes.",
}
# Terms that sound alike but are not in the table: the model must say so instead of guessing.
UNKNOWN_TERMS = ["RAG", "blockchain", "a monad", "photosynthesis", "gravity", "inflation", "a transformer", "Kubernetes",
                 "a mutex", "quantum computing", "love", "entropy", "democracy", "a compiler", "DNA", "a black hole",
                 "economics", "a database", "TCP", "OAuth", "jazz", "a verb", "diffusion", "fine-tuning", "CSS",
                 "philosophy", "string theory", "a goroutine", "a closure", "the stock market", "a vaccine", "evolution"]

POSITIVE = ["good", "great", "wonderful", "excellent", "amazing", "lovely", "fantastic", "perfect", "delicious", "brilliant",
            "beautiful", "superb", "nice", "pleasant", "friendly", "fast and reliable"]
NEGATIVE = ["bad", "terrible", "awful", "horrible", "boring", "broken", "disgusting", "useless", "ugly", "poor", "rude", "slow and noisy",
            "disappointing", "dreadful", "nasty", "worthless"]
POSITIVE_VERBS = ["love", "like", "enjoy", "adore"]
NEGATIVE_VERBS = ["hate", "dislike", "regret", "detest"]
REVIEW_THINGS = ["movie", "book", "phone", "food", "hotel", "product", "service", "game", "song", "restaurant", "room", "laptop",
                 "coffee", "trip", "show", "app", "film", "camera", "car", "staff", "weather", "pizza", "chair", "lamp",
                 "website", "update", "delivery", "concert", "museum", "jacket", "keyboard", "soup", "garden", "battery"]

# One plot a kind of hero; the words in braces change with the hero, so a story is a function of its subject.
STORIES = {  # subject: (name, place, thing found, friend, plot)
    "fox": ("Ruby", "a green forest", "a silver key", "an old owl", 0),
    "robot": ("Bolt", "a quiet workshop", "a broken lamp", "a small child", 1),
    "cat": ("Milo", "a sunny village", "a red ball", "a shy mouse", 2),
    "ship": ("Star", "a cold harbour", "a lost map", "a grey whale", 0),
    "dog": ("Rex", "a busy farm", "a golden bell", "a lonely goat", 2),
    "dragon": ("Ember", "a high mountain", "a frozen egg", "a kind shepherd", 1),
    "bird": ("Pip", "a tall tree", "a shiny button", "a slow turtle", 0),
    "wizard": ("Oswin", "a dark tower", "a talking book", "a brave girl", 1),
    "girl": ("Anna", "a small town", "a paper boat", "a tired postman", 2),
    "boy": ("Tom", "a white beach", "a glass bottle", "an old sailor", 0),
    "horse": ("Comet", "a wide valley", "a blue ribbon", "a young rider", 2),
    "bear": ("Bruno", "a deep cave", "a jar of honey", "a clever bee", 1),
}
PLOTS = [
    "Once upon a time there was a {s} named {n}. {n} lived in {p}. One morning {n} found {t} under a stone. \"Whose is it?\" "
    "asked {n}. Nobody knew. So {n} walked all day and asked everyone on the way. In the evening {n} met {f}. \"It is "
    "mine,\" said {g}, \"and I have looked for it for a year.\" {n} gave it back and asked for nothing. From that day on "
    "the two were friends, and every evening they watched the sun go down together. The end.",
    "Long ago a {s} called {n} lived alone in {p}. {n} had never had a friend. One night there was a loud storm, and in "
    "the morning {n} saw {t} lying at the door. {n} took it in, kept it warm and worked on it for three days. On the "
    "fourth day there was a knock. It was {f}. \"Thank you,\" said {g}, \"I thought it was gone for ever.\" They "
    "drank tea and talked until it was dark. After that {n} was never alone again. The end.",
    "In {p} there lived a {s} called {n}, who was always curious. One day {n} heard someone cry behind a wall. It "
    "was {f}. \"I have lost {t},\" said {g}. \"Do not worry,\" said {n}, \"I will find it.\" {n} looked in the garden, "
    "behind the house and near the river. At last {n} saw something in the grass. It was {u}! {G} laughed with joy. That "
    "evening there was cake for all, and {n} got the biggest piece. The end.",
]

HAIKU = {
    "the sea": "Waves come, waves go out.\nThe sea keeps no one's secret.\nSalt stays on my hands.",
    "rain": "Rain on the window.\nEvery drop finds its own way.\nThe garden drinks deep.",
    "winter": "White roofs, quiet street.\nThe breath of the town goes up.\nNo bird says a word.",
    "spring": "One green leaf is here.\nThe old tree starts once again.\nI open the door.",
    "the moon": "The moon is awake.\nIt lays silver on the lake.\nThe fish do not care.",
    "the browser": "A page wakes a mind.\nNo word leaves this small machine.\nThe tokens fall here.",
}

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December"]

# Words for the many prompts the model can not answer.
TOPICS = """quantum computing's impact on cryptography;the French Revolution;climate change;my tax return;the stock market;black
holes;a trip to Norway;healthy breakfast;remote work;electric cars;the Roman Empire;renewable energy;the theory of relativity;a
distributed database;the history of jazz;football tactics;gene editing;modern art;world trade;a microservice architecture;the
human brain;a good night's sleep;social media;space travel;a wedding speech;the housing market;data structures;garbage
collection in Go;type inference;the ocean floor;ancient Egypt;vaccines;machine translation;chess openings;bread baking;a
marathon;urban planning;bees and flowers;the water cycle;volcanoes;dinosaurs;the moon landing;my neighbour's cat;a broken
dishwasher;an angry customer;the meaning of life;free will;supply chains;online privacy laws;computer networks;prime
numbers;the Pythagorean theorem;a job interview;gardening in spring;solar panels;nuclear fusion;medieval castles;a
birthday party;the immune system;public transport;artificial intelligence in medicine;hybrid inference in large
companies;neural networks and ethics;browser security;the future of the web;tokens in banking""".replace("\n", " ").split(";")
WORDS = """about above accept across actor address advice after against airport album alarm amount ancient animal answer apple area arm
army article artist aunt author autumn award baby bakery balance band bank basket beach because become before begin belief bench
between bicycle bird birthday blanket board boat body bone border bottle brain branch bread breakfast bridge bright bring
brother brush budget build burn business butter button camera camp candle capture career careful carry castle catch cause
centre chain chance change charge chart cheap cheese chicken choice church circle citizen city claim class client climb clock
cloud coach coast code collect college company compare complex computer concert contract control cook copy corner cost cotton
council country couple course cousin cover cream create crime crowd culture cup current curtain customer dance danger daughter
debate decide defend degree deliver demand design desk detail develop dinner direct doctor document dream dress drink drive
dust early earth east economy edge editor effect effort electric email energy engine enough enter essay evening event
every exact exam example exercise expect expert explain express fabric factor factory family farmer father feature fence
field figure file finger finish fish flight floor flower follow force forest form fortune forward freedom fresh friend
fruit function future garden gather general gift glass global goal gold govern grand great ground group growth guard guess
guide guitar habit hammer handle happen harbour health heart heavy height history holiday honest hospital hotel house
human hungry husband idea image imagine impact import improve income increase industry insect inside island issue jacket
journey judge juice jungle justice kitchen knife knowledge ladder language large laugh lawyer leader learn leave lesson letter
level library listen little local logic machine magazine manage market material matter measure medicine meeting member
memory mention message metal method middle million minister mirror mission mistake moment money morning mother mountain
movie music mystery narrow nation nature network night noise normal notice number object ocean office often opinion orange order
organ owner page paint paper parent party patient pattern people perfect period person phone picture piece planet player
pocket poem police policy popular position power practice prepare present price prince print prison problem process produce
project promise protect public purpose quality quarter question quickly rabbit railway reason record reduce region remember
repair report request research result return river road rocket routine royal salt sample school science season secret
section security select sentence series serious service shadow shape shelf shoulder silver simple singer sister skill sleep
small social society soldier solution source south special speech spirit sport square stable station steel stone storage
storm story strange street strong student studio subject success sudden summer supply support surface system table talent
teacher team technical theory thing thought ticket tiger timber title together tomorrow tongue tool topic total tower
town trade traffic train travel treasure treat tree trial trouble truck trust tunnel uncle understand union unique
university until update upper useful valley value various vehicle version victory video village violin visit voice volume
wagon walk wall warm waste water weapon weather weight welcome west wheel whole window winter wisdom within wonder wooden
work world write yellow yesterday young""".split()
