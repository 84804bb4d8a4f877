package llama

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestLogits compares with a second implementation that shares no code with the first: float64, all tokens at once
// without a cache, and the rotary embedding in Hugging Face's convention after undoing the converter's permutation.
func TestLogits(t *testing.T) {
	untied := small
	untied.untied = true
	for name, s := range map[string]shape{"tied": small, "untied": untied} {
		t.Run(name, func(t *testing.T) {
			f := syntheticModel(s)
			m := load(t, f)
			ids := []int{1, 20, 300 % m.tokenizer.Vocabulary(), 7, 7, 99, 2, 140}
			session := m.NewSession()
			for n, id := range ids {
				if err := session.Feed(id); err != nil {
					t.Fatal(err)
				}
				want := plainLogits(f, s, ids[:n+1])
				for i, got := range session.Logits() {
					if math.Abs(float64(got)-want[i]) > 1e-4 {
						t.Fatalf("after %d tokens, logit %d is %v, want %v", n+1, i, got, want[i])
					}
				}
			}
			if session.Len() != len(ids) {
				t.Errorf("Len is %d, want %d", session.Len(), len(ids))
			}
		})
	}
}

// TestLogitsQuantized checks that the three types hold about the same weights.
func TestLogitsQuantized(t *testing.T) {
	var logits [][]float32
	for _, kind := range []TensorType{TensorF32, TensorF16, TensorQ80} {
		s := small
		s.kind = kind
		session := load(t, syntheticModel(s)).NewSession()
		for _, id := range []int{1, 20, 50} {
			if err := session.Feed(id); err != nil {
				t.Fatal(err)
			}
		}
		logits = append(logits, session.Logits())
	}
	for i, tolerance := range []float64{0, 0.01, 0.1} {
		for j, want := range logits[0] {
			if got := logits[i][j]; math.Abs(float64(got-want)) > tolerance {
				t.Fatalf("type %d: logit %d is %v, want %v ± %v", i, j, got, want, tolerance)
			}
		}
	}
}

func TestSessionFull(t *testing.T) {
	m := load(t, syntheticModel(small))
	session := m.NewSession()
	for range m.ContextWindow() {
		if err := session.Feed(5); err != nil {
			t.Fatal(err)
		}
	}
	if err := session.Feed(5); !errors.Is(err, ErrContextWindow) || session.Len() != 64 {
		t.Errorf("error %v at length %d, want ErrContextWindow at 64", err, session.Len())
	}
}

func TestLoadRefuses(t *testing.T) {
	tokens, types := testVocabulary()
	tests := []struct {
		name   string
		change func(*ggufFile)
		want   string
	}{
		{"architecture", func(f *ggufFile) { f.set("general.architecture", "qwen2") }, `"qwen2"`},
		{"no layers", func(f *ggufFile) { f.set("llama.block_count", uint32(0)) }, "want 1 to"},
		{"more layers than tensors", func(f *ggufFile) { f.set("llama.block_count", uint32(30000)) }, `"blk.2.attn_norm.weight" is missing`},
		{"uneven heads", func(f *ggufFile) { f.set("llama.attention.head_count_kv", uint32(4)) }, "evenly"},
		{"more heads than width", func(f *ggufFile) {
			f.set("llama.attention.head_count", uint32(64))
			f.set("llama.attention.key_length", uint32(1))
		}, "needs pairs"},
		{"partial rotation", func(f *ggufFile) { f.set("llama.rope.dimension_count", uint32(8)) }, "equal sizes"},
		{"scaled rotation", func(f *ggufFile) { f.set("llama.rope.scaling.type", "yarn") }, "scaling"},
		{"infinite base", func(f *ggufFile) { f.set("llama.rope.freq_base", float32(math.Inf(1))) }, "finite"},
		{"no epsilon", func(f *ggufFile) { f.set("llama.attention.layer_norm_rms_epsilon", float32(0)) }, "more than 0"},
		{"shape", func(f *ggufFile) { f.set("llama.feed_forward_length", uint32(65)) }, "has shape"},
		{"extra tensor", func(f *ggufFile) {
			f.tensors = append(f.tensors, tensorData{"blk.0.attn_q.bias", TensorF32, []int{1}, []float32{1}})
		}, "not supported"},
		{"tensor twice", func(f *ggufFile) { f.tensors = append(f.tensors, f.tensors[0]) }, "appears twice"},
		{"key twice", func(f *ggufFile) { f.metadata = append(f.metadata, f.metadata[0]) }, "appears twice"},
		{"not a number", func(f *ggufFile) { f.tensor("output_norm.weight").values[3] = float32(math.NaN()) }, "element 3"},
		{"tokenizer", func(f *ggufFile) { f.set("tokenizer.ggml.pre", "llama-bpe") }, `"smollm" is supported`},
		{"beginning of text", func(f *ggufFile) { f.set("tokenizer.ggml.add_bos_token", true) }, "add_bos_token"},
		{"template", func(f *ggufFile) { f.set("tokenizer.chat_template", "[INST]") }, "not ChatML"},
		{"token types", func(f *ggufFile) { f.set("tokenizer.ggml.token_type", types[1:]) }, "as many of each"},
		{"unknown token type", func(f *ggufFile) {
			f.set("tokenizer.ggml.token_type", append(slices.Clone(types[1:]), 6))
		}, "want 1 (normal)"},
		{"no control tokens", func(f *ggufFile) {
			f.set("tokenizer.ggml.tokens", append([]string{"a!", "b!", "c!"}, tokens[3:]...))
		}, "lacks the control token"},
		{"no byte", func(f *ggufFile) {
			f.set("tokenizer.ggml.tokens", append(append(slices.Clone(tokens[:3]), "!!"), tokens[4:]...))
		}, "no token for byte 0x00"},
		{"not in the alphabet", func(f *ggufFile) {
			f.set("tokenizer.ggml.tokens", append(slices.Clone(tokens[:len(tokens)-1]), "a b"))
		}, "byte-level alphabet"},
		{"merge", func(f *ggufFile) { f.set("tokenizer.ggml.merges", []string{"x y"}) }, "merge 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := syntheticModel(small)
			test.change(f)
			_, err := Load(f.bytes())
			if !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want ErrFile with %q", err, test.want)
			}
		})
	}

	// Every key but these is needed.
	optional := []string{
		"llama.attention.head_count_kv", "llama.attention.key_length", "llama.rope.freq_base", "tokenizer.ggml.add_bos_token",
	}
	for i, e := range syntheticModel(small).metadata {
		if slices.Contains(optional, e.key) {
			continue
		}
		f := syntheticModel(small)
		f.metadata = slices.Delete(f.metadata, i, i+1)
		if _, err := Load(f.bytes()); !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), e.key) {
			t.Errorf("without %s: error %v, want ErrFile with the key", e.key, err)
		}
	}
}

// plainLogits returns the logits after ids.
func plainLogits(f *ggufFile, s shape, ids []int) []float64 {
	weight := func(name string) []float32 { return f.tensor(name + ".weight").values }
	apply := func(name string, x []float64) []float64 {
		w := weight(name)
		out := make([]float64, len(w)/len(x))
		for r := range out {
			for c, v := range x {
				out[r] += float64(w[r*len(x)+c]) * v
			}
		}
		return out
	}
	norm := func(name string, x []float64) []float64 {
		sum := 1e-5 * float64(len(x))
		for _, v := range x {
			sum += v * v
		}
		out := make([]float64, len(x))
		for i, v := range x {
			out[i] = v / math.Sqrt(sum/float64(len(x))) * float64(weight(name)[i])
		}
		return out
	}
	// rotated returns the heads in x in Hugging Face's order, turned: number i pairs with number i + half.
	rotated := func(x []float64, position int) []float64 {
		out := make([]float64, len(x))
		half := s.headSize / 2
		for h := 0; h < len(x); h += s.headSize {
			for i := range half {
				sin, cos := math.Sincos(float64(position) / math.Pow(10000, float64(i)/float64(half)))
				a, b := x[h+2*i], x[h+2*i+1]
				out[h+i], out[h+i+half] = a*cos-b*sin, b*cos+a*sin
			}
		}
		return out
	}

	states := make([][]float64, len(ids))
	for t, id := range ids {
		for _, v := range weight("token_embd")[id*s.width:][:s.width] {
			states[t] = append(states[t], float64(v))
		}
	}
	for i := range s.layers {
		block := fmt.Sprintf("blk.%d.", i)
		var keys, values [][]float64
		for t := range states {
			x := norm(block+"attn_norm", states[t])
			query := rotated(apply(block+"attn_q", x), t)
			keys = append(keys, rotated(apply(block+"attn_k", x), t))
			values = append(values, apply(block+"attn_v", x))
			attended := make([]float64, s.heads*s.headSize)
			for h := range s.heads {
				shared := h * s.keyHeads / s.heads
				var total float64
				weights := make([]float64, t+1)
				for u := range weights {
					var score float64
					for d := range s.headSize {
						score += query[h*s.headSize+d] * keys[u][shared*s.headSize+d]
					}
					weights[u] = math.Exp(score / math.Sqrt(float64(s.headSize)))
					total += weights[u]
				}
				for u, w := range weights {
					for d := range s.headSize {
						attended[h*s.headSize+d] += w / total * values[u][shared*s.headSize+d]
					}
				}
			}
			for d, v := range apply(block+"attn_output", attended) {
				states[t][d] += v
			}
			x = norm(block+"ffn_norm", states[t])
			gate, up := apply(block+"ffn_gate", x), apply(block+"ffn_up", x)
			for d, g := range gate {
				up[d] *= g / (1 + math.Exp(-g))
			}
			for d, v := range apply(block+"ffn_down", up) {
				states[t][d] += v
			}
		}
	}
	output := "token_embd"
	if s.untied {
		output = "output"
	}
	return apply(output, norm("output_norm", states[len(states)-1]))
}
