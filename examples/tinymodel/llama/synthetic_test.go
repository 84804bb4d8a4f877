package llama

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// ggufFile is a GGUF file to write. Tests change one part of a good one and see that it is refused.
type ggufFile struct {
	metadata []entry
	tensors  []tensorData
}

type entry struct {
	key   string
	value any // string, uint32, int32, float32, bool, []string or []int32
}

type tensorData struct {
	name   string
	kind   TensorType
	shape  []int
	values []float32
}

func (f *ggufFile) set(key string, value any) {
	for i := range f.metadata {
		if f.metadata[i].key == key {
			f.metadata[i].value = value
			return
		}
	}
	f.metadata = append(f.metadata, entry{key, value})
}

func (f *ggufFile) tensor(name string) *tensorData {
	for i := range f.tensors {
		if f.tensors[i].name == name {
			return &f.tensors[i]
		}
	}
	panic("no tensor " + name)
}

func (f *ggufFile) bytes() []byte {
	b := []byte(ggufMagic)
	b = binary.LittleEndian.AppendUint32(b, ggufVersion)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(f.tensors)))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(f.metadata)))
	for _, e := range f.metadata {
		b = appendValue(appendString(b, e.key), e.value)
	}
	var data []byte
	for _, t := range f.tensors {
		b = appendString(b, t.name)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(t.shape)))
		for _, d := range t.shape {
			b = binary.LittleEndian.AppendUint64(b, uint64(d))
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(t.kind))
		b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
		data = pad(appendTensor(data, t))
	}
	return append(pad(b), data...)
}

func pad(b []byte) []byte {
	return append(b, make([]byte, (defaultAlignment-len(b)%defaultAlignment)%defaultAlignment)...)
}

func appendString(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

func appendValue(b []byte, v any) []byte {
	kind := func(k valueKind) []byte { return binary.LittleEndian.AppendUint32(b, uint32(k)) }
	switch v := v.(type) {
	case string:
		return appendString(kind(kindString), v)
	case uint32:
		return binary.LittleEndian.AppendUint32(kind(kindUint32), v)
	case int32:
		return binary.LittleEndian.AppendUint32(kind(kindInt32), uint32(v))
	case float32:
		return binary.LittleEndian.AppendUint32(kind(kindFloat32), math.Float32bits(v))
	case bool:
		if v {
			return append(kind(kindBool), 1)
		}
		return append(kind(kindBool), 0)
	case []string:
		b = binary.LittleEndian.AppendUint32(kind(kindArray), uint32(kindString))
		b = binary.LittleEndian.AppendUint64(b, uint64(len(v)))
		for _, s := range v {
			b = appendString(b, s)
		}
		return b
	case []int32:
		b = binary.LittleEndian.AppendUint32(kind(kindArray), uint32(kindInt32))
		b = binary.LittleEndian.AppendUint64(b, uint64(len(v)))
		for _, n := range v {
			b = binary.LittleEndian.AppendUint32(b, uint32(n))
		}
		return b
	}
	panic(fmt.Sprintf("cannot write a %T", v))
}

func appendTensor(b []byte, t tensorData) []byte {
	switch t.kind {
	case TensorF32:
		for _, v := range t.values {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	case TensorF16:
		for _, v := range t.values {
			b = binary.LittleEndian.AppendUint16(b, float32ToHalf(v))
		}
	case TensorQ80:
		for i := 0; i < len(t.values); i += q80Elements {
			block := t.values[i:][:q80Elements]
			var top float32
			for _, v := range block {
				top = max(top, v, -v)
			}
			scale := float32ToHalf(top / 127)
			b = binary.LittleEndian.AppendUint16(b, scale)
			for _, v := range block {
				q := math.Round(float64(v / halfToFloat32(scale)))
				b = append(b, byte(int8(min(max(q, -127), 127))))
			}
		}
	}
	return b
}

// float32ToHalf rounds towards zero and knows neither subnormals nor infinities: enough to write test weights.
func float32ToHalf(v float32) uint16 {
	bits := math.Float32bits(v)
	exponent := int(bits>>23&0xff) - 127 + 15
	if exponent <= 0 {
		return uint16(bits >> 31 << 15)
	}
	return uint16(bits>>31<<15) | uint16(exponent)<<10 | uint16(bits>>13&0x3ff)
}

// testMerges are the merges of the test vocabulary. Among them are a token that ends in half a character and the
// spelling of a control token's parts.
var testMerges = []string{
	"h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or", "Ġwor l", "Ġworl d", "i m", "< |", "| >", "Ċ Ċ", "Ġ Ġ", "a Ã",
}

const (
	testEndOfText = iota // the ids of the test vocabulary's control tokens
	testTurnStart
	testTurnEnd
	testFirstByte // the tokens of the 256 bytes follow each other from here
)

// testVocabulary returns the metadata of a tokenizer: control tokens, bytes, then what testMerges make.
func testVocabulary() (tokens []string, types []int32) {
	tokens = []string{"<|endoftext|>", turnStart, turnEnd}
	types = []int32{tokenControl, tokenControl, tokenControl}
	for _, letter := range alphabet {
		tokens = append(tokens, string(letter))
	}
	for _, rule := range testMerges {
		tokens = append(tokens, string(bytes.ReplaceAll([]byte(rule), []byte(" "), nil)))
	}
	for len(types) < len(tokens) {
		types = append(types, tokenNormal)
	}
	return tokens, types
}

// shape is the shape of a test model; kind is that of its matrices.
type shape struct {
	context, layers, width, hidden, heads, keyHeads, headSize int
	kind                                                      TensorType
	untied                                                    bool
}

// small exercises what the real model does not: fewer heads of keys than of queries, heads that together are wider
// than the state.
var small = shape{context: 64, layers: 2, width: 32, hidden: 64, heads: 6, keyHeads: 2, headSize: 16, kind: TensorF32}

// syntheticModel returns a file of random weights, the same each time.
func syntheticModel(s shape) *ggufFile {
	tokens, types := testVocabulary()
	f := &ggufFile{}
	f.set("general.architecture", "llama")
	f.set("llama.context_length", uint32(s.context))
	f.set("llama.block_count", uint32(s.layers))
	f.set("llama.embedding_length", uint32(s.width))
	f.set("llama.feed_forward_length", uint32(s.hidden))
	f.set("llama.attention.head_count", uint32(s.heads))
	f.set("llama.attention.head_count_kv", uint32(s.keyHeads))
	f.set("llama.attention.key_length", uint32(s.headSize))
	f.set("llama.attention.layer_norm_rms_epsilon", float32(1e-5))
	f.set("llama.rope.freq_base", float32(10000))
	f.set("tokenizer.ggml.model", "gpt2")
	f.set("tokenizer.ggml.pre", "smollm")
	f.set("tokenizer.ggml.tokens", tokens)
	f.set("tokenizer.ggml.token_type", types)
	f.set("tokenizer.ggml.merges", testMerges)
	f.set("tokenizer.ggml.add_bos_token", false)

	random := rand.New(rand.NewPCG(1, 2))
	add := func(name string, kind TensorType, spread float64, center float32, dims ...int) {
		n := 1
		for _, d := range dims {
			n *= d
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = center + float32(spread*random.NormFloat64())
		}
		f.tensors = append(f.tensors, tensorData{name, kind, dims, values})
	}
	norm := func(name string) { add(name, TensorF32, 0.1, 1, s.width) }
	matrix := func(name string, columns, rows int) {
		add(name, s.kind, 1/math.Sqrt(float64(columns)), 0, columns, rows)
	}
	matrix("token_embd.weight", s.width, len(tokens))
	if s.untied {
		matrix("output.weight", s.width, len(tokens))
	}
	norm("output_norm.weight")
	for i := range s.layers {
		block := fmt.Sprintf("blk.%d.", i)
		norm(block + "attn_norm.weight")
		matrix(block+"attn_q.weight", s.width, s.heads*s.headSize)
		matrix(block+"attn_k.weight", s.width, s.keyHeads*s.headSize)
		matrix(block+"attn_v.weight", s.width, s.keyHeads*s.headSize)
		matrix(block+"attn_output.weight", s.heads*s.headSize, s.width)
		norm(block + "ffn_norm.weight")
		matrix(block+"ffn_gate.weight", s.width, s.hidden)
		matrix(block+"ffn_up.weight", s.width, s.hidden)
		matrix(block+"ffn_down.weight", s.hidden, s.width)
	}
	return f
}

// scriptedModel returns a model that answers everything with script and ends its turn. It works because the state of
// a token is a vector of its own, the layer adds nothing, and the output matrix maps each state to the next token: so
// no token may come twice, the line break that ends every prompt included.
func scriptedModel(t testing.TB, script string) *Model {
	t.Helper()
	tokens, _ := testVocabulary()
	n := len(tokens)
	f := syntheticModel(shape{
		context: 64, layers: 1, width: n, hidden: 2, heads: 1, keyHeads: 1, headSize: 2, kind: TensorF32, untied: true,
	})
	for _, name := range []string{"blk.0.attn_output.weight", "blk.0.ffn_down.weight", "token_embd.weight", "output.weight"} {
		clear(f.tensor(name).values)
	}
	for id := range n {
		f.tensor("token_embd.weight").values[id*n+id] = 1
	}
	current := testFirstByte + int('\n')
	next := func(id int) {
		f.tensor("output.weight").values[id*n+current] = 1
		current = id
	}
	for _, b := range []byte(script) {
		next(testFirstByte + int(b))
	}
	next(testTurnEnd)
	return load(t, f)
}

func load(t testing.TB, f *ggufFile) *Model {
	t.Helper()
	m, err := Load(f.bytes())
	if err != nil {
		t.Fatal(err)
	}
	return m
}
