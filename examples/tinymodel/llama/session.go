package llama

import "math"

// Session is one text in the making: the keys and values of every token so far, which later tokens attend to. It is
// what llama.cpp calls a context. Its memory grows with its length, by 2·layers·keyHeads·headSize float32 a token.
//
// Get one from [Model.NewSession]; the zero value is not usable. A session must not be used concurrently; any number of
// sessions of one model may.
type Session struct {
	model  *Model
	length int // tokens fed

	keys, values [][]float32 // by layer: length × keyHeads·headSize

	// What the last token became between layers. The rest is scratch space, reused from token to token.
	state     []float32 // width
	normed    []float32 // width
	query     []float32 // heads·headSize
	attended  []float32 // heads·headSize
	scores    []float32 // length
	projected []float32 // width
	gate, up  []float32 // hidden
	rotation  []float32 // headSize: cosine and sine of each pair
	logits    []float32 // vocabulary
}

// NewSession returns an empty session.
func (m *Model) NewSession() *Session {
	c := m.config
	return &Session{
		model:     m,
		keys:      make([][]float32, c.layers),
		values:    make([][]float32, c.layers),
		state:     make([]float32, c.width),
		normed:    make([]float32, c.width),
		query:     make([]float32, c.heads*c.headSize),
		attended:  make([]float32, c.heads*c.headSize),
		projected: make([]float32, c.width),
		gate:      make([]float32, c.hidden),
		up:        make([]float32, c.hidden),
		rotation:  make([]float32, c.headSize),
		logits:    make([]float32, m.tokenizer.Vocabulary()),
	}
}

// Len returns the number of tokens fed so far.
func (s *Session) Len() int { return s.length }

// Feed appends a token to the text. It panics on an id outside the vocabulary; the one error is a
// [*ContextWindowError], when the window is full, and leaves the session as it was.
func (s *Session) Feed(id int) error {
	m, c := s.model, s.model.config
	if s.length >= c.context {
		return &ContextWindowError{PromptTokens: s.length + 1, ContextWindow: c.context}
	}
	copy(s.state, m.embedding[id*c.width:][:c.width])
	s.setRotation(s.length)
	s.length++
	for i := range m.layers {
		s.attend(i)
		s.forward(i)
	}
	return nil
}

// Logits returns how likely the model holds each token to come next, as the logarithm of a probability plus a number
// that is the same for all. The slice is valid until the next call. Nothing is computed for tokens that are fed
// without asking, which is most of a prompt. Before the first Feed all logits are 0.
func (s *Session) Logits() []float32 {
	m := s.model
	rmsNorm(s.normed, s.state, m.outputNorm, m.config.normEpsilon)
	matVec(s.logits, m.output, s.normed)
	return s.logits
}

// attend adds to the state what the layer's heads find in this token and those before it.
func (s *Session) attend(i int) {
	c, l := s.model.config, &s.model.layers[i]
	keyWidth := c.keyHeads * c.headSize
	s.keys[i] = grow(s.keys[i], keyWidth)
	s.values[i] = grow(s.values[i], keyWidth)
	keys, values := s.keys[i], s.values[i]
	key, value := keys[len(keys)-keyWidth:], values[len(values)-keyWidth:]

	rmsNorm(s.normed, s.state, l.attentionNorm, c.normEpsilon)
	matVec(s.query, l.query, s.normed)
	matVec(key, l.key, s.normed)
	matVec(value, l.value, s.normed)
	s.rotate(s.query)
	s.rotate(key)

	s.scores = grow(s.scores, s.length-len(s.scores))
	scale := float32(1 / math.Sqrt(float64(c.headSize)))
	clear(s.attended)
	for h := range c.heads {
		query := s.query[h*c.headSize:][:c.headSize]
		out := s.attended[h*c.headSize:][:c.headSize]
		head := h / (c.heads / c.keyHeads) * c.headSize // where this head's keys and values begin
		for t := range s.scores {
			s.scores[t] = scale * dot(query, keys[t*keyWidth+head:][:c.headSize])
		}
		softmax(s.scores)
		for t, weight := range s.scores {
			addScaled(out, weight, values[t*keyWidth+head:][:c.headSize])
		}
	}
	matVec(s.projected, l.attentionOut, s.attended)
	addScaled(s.state, 1, s.projected)
}

// forward adds the layer's feed-forward block, a SwiGLU, to the state.
func (s *Session) forward(i int) {
	l := &s.model.layers[i]
	rmsNorm(s.normed, s.state, l.forwardNorm, s.model.config.normEpsilon)
	matVec(s.gate, l.gate, s.normed)
	matVec(s.up, l.up, s.normed)
	for j, g := range s.gate {
		s.gate[j] = g / (1 + float32(math.Exp(-float64(g)))) * s.up[j]
	}
	matVec(s.projected, l.down, s.gate)
	addScaled(s.state, 1, s.projected)
}

// setRotation prepares the rotary embedding of a position: every pair of a head's numbers turns by an angle that grows
// with the position, so that the product of a query and a key depends on their distance.
func (s *Session) setRotation(position int) {
	for i, frequency := range s.model.ropeFrequencies {
		sin, cos := math.Sincos(float64(float32(position) * frequency))
		s.rotation[2*i], s.rotation[2*i+1] = float32(cos), float32(sin)
	}
}

// rotate turns the heads in x. Pairs are neighbours, as in the original Llama: converters to GGUF reorder the rows of
// the query and key matrices from the halves that Hugging Face pairs.
func (s *Session) rotate(x []float32) {
	for head := x; len(head) > 0; head = head[len(s.rotation):] {
		for i := 0; i < len(s.rotation); i += 2 {
			cos, sin := s.rotation[i], s.rotation[i+1]
			a, b := head[i], head[i+1]
			head[i], head[i+1] = a*cos-b*sin, a*sin+b*cos
		}
	}
}

// grow returns s with n more elements, all 0.
func grow(s []float32, n int) []float32 {
	return append(s, make([]float32, n)...)
}
