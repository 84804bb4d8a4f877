// Package llama runs small language models of the Llama architecture from GGUF files, in Go alone: no cgo, no
// assembly, no package beyond the standard library. It is like llama.cpp cut down to what a tiny chat model needs, and
// is written to be read. For models worth asking, use a server that runs llama.cpp, Ollama or vLLM.
//
// A [Model] is loaded once and answers any number of requests at the same time:
//
//	model, err := llama.Load(file)
//	result, err := model.Generate(ctx, llama.Request{
//		Messages: []llama.Message{{Role: llama.RoleUser, Content: "Hello!"}},
//	}, func(t llama.Token) error {
//		_, err := fmt.Print(t.Text)
//		return err
//	})
//
// What it takes: GGUF version 3, tensors in f32, f16 or q8_0, a byte-level BPE tokenizer with the "smollm"
// pre-tokenizer, and the ChatML prompt format. What is missing it refuses with an error that names it.
package llama

import (
	"fmt"
	"math"
)

// Model is a language model in memory: weights as float32, tokenizer and prompt format. It is immutable and safe for
// concurrent use. Get one from [Load]; the zero value is not usable.
type Model struct {
	config    config
	tokenizer *Tokenizer
	chat      chatML

	embedding  []float32 // vocabulary × width
	layers     []layer
	outputNorm []float32 // width
	output     []float32 // vocabulary × width; the embedding where the two are tied

	ropeFrequencies []float32 // radians a position, for each pair of a head
}

// layer has the weights of one block. Matrices are stored row after row, one row for each output.
type layer struct {
	attentionNorm []float32 // width
	query         []float32 // heads·headSize × width
	key, value    []float32 // keyHeads·headSize × width
	attentionOut  []float32 // width × heads·headSize
	forwardNorm   []float32 // width
	gate, up      []float32 // hidden × width
	down          []float32 // width × hidden
}

// Load reads a model from the bytes of a GGUF file. The model keeps none of them. Errors are [ErrFile]; a file from an
// untrusted source can fail, but not panic, nor take memory out of proportion to its size.
func Load(file []byte) (*Model, error) {
	g, err := ReadGGUF(file)
	if err != nil {
		return nil, err
	}
	tokenizer, err := newTokenizer(g)
	if err != nil {
		return nil, err
	}
	chat, err := newChatML(g, tokenizer)
	if err != nil {
		return nil, err
	}
	c, err := readConfig(g)
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, tokenizer: tokenizer, chat: chat}
	if err := m.readWeights(g); err != nil {
		return nil, err
	}
	m.ropeFrequencies = make([]float32, c.headSize/2)
	for i := range m.ropeFrequencies {
		m.ropeFrequencies[i] = float32(math.Pow(c.ropeBase, -2*float64(i)/float64(c.headSize)))
	}
	return m, nil
}

// ContextWindow returns the number of tokens that prompt and answer share.
func (m *Model) ContextWindow() int { return m.config.context }

// Tokenizer returns the model's tokenizer.
func (m *Model) Tokenizer() *Tokenizer { return m.tokenizer }

// CountTokens returns the length in tokens of the prompt that a request becomes: its messages and the tokens that mark
// their turns. Only Messages and Continue of the request count. Errors are [ErrRequest].
func (m *Model) CountTokens(req Request) (int, error) {
	ids, err := m.chat.prompt(req.Messages, req.Continue)
	return len(ids), err
}

func (m *Model) readWeights(g *GGUF) error {
	c, vocabulary := m.config, m.tokenizer.Vocabulary()
	r := weightReader{g: g}
	m.embedding = r.read("token_embd.weight", c.width, vocabulary)
	m.outputNorm = r.read("output_norm.weight", c.width)
	m.output = m.embedding
	if g.hasTensor("output.weight") {
		m.output = r.read("output.weight", c.width, vocabulary)
	}
	// One layer at a time, so that a file which claims a million layers fails at the first it does not have.
	for i := 0; i < c.layers && r.err == nil; i++ {
		name := func(s string) string { return fmt.Sprintf("blk.%d.%s.weight", i, s) }
		m.layers = append(m.layers, layer{
			attentionNorm: r.read(name("attn_norm"), c.width),
			query:         r.read(name("attn_q"), c.width, c.heads*c.headSize),
			key:           r.read(name("attn_k"), c.width, c.keyHeads*c.headSize),
			value:         r.read(name("attn_v"), c.width, c.keyHeads*c.headSize),
			attentionOut:  r.read(name("attn_output"), c.heads*c.headSize, c.width),
			forwardNorm:   r.read(name("ffn_norm"), c.width),
			gate:          r.read(name("ffn_gate"), c.width, c.hidden),
			up:            r.read(name("ffn_up"), c.width, c.hidden),
			down:          r.read(name("ffn_down"), c.hidden, c.width),
		})
	}
	if r.err != nil {
		return r.err
	}
	// A bias or a table of RoPE factors that went unread would make every answer quietly wrong.
	if n := len(g.tensors); n != r.count {
		return fileErrorf("%d tensors, a Llama model of %d layers has %d: the others are not supported", n, c.layers, r.count)
	}
	return nil
}

// weightReader keeps the first error, so that a layer reads as a list.
type weightReader struct {
	g     *GGUF
	count int
	err   error
}

func (r *weightReader) read(name string, shape ...int) []float32 {
	if r.err != nil {
		return nil
	}
	t, err := r.g.Tensor(name, shape...)
	if err != nil {
		r.err = err
		return nil
	}
	r.count++
	var out []float32
	out, r.err = t.Float32s()
	return out
}
