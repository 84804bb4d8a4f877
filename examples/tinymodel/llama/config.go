package llama

import "math"

// maxSize bounds the sizes in a file's metadata, so that products of two fit an int everywhere; maxContext is larger,
// since nothing is allocated by it. What the sizes are used for is then checked against the tensors, which are in the
// file.
const (
	maxSize    = 1 << 15
	maxContext = 1 << 20
)

// config has the shape of a model, in the words of this package; the keys in readConfig are those of GGUF.
type config struct {
	context  int // tokens
	layers   int
	width    int // numbers that stand for a token between layers
	hidden   int // numbers inside a feed-forward block
	heads    int // of queries
	keyHeads int // of keys and values; each serves heads/keyHeads heads of queries
	headSize int // numbers in a head

	normEpsilon float32
	ropeBase    float64
}

func readConfig(g *GGUF) (config, error) {
	const architecture = "general.architecture"
	if name, err := g.String(architecture); err != nil {
		return config{}, err
	} else if name != "llama" {
		return config{}, fileErrorf("metadata %q is %q, only \"llama\" is supported", architecture, name)
	}

	r := configReader{g: g}
	c := config{
		context:     r.size("llama.context_length", maxContext),
		layers:      r.size("llama.block_count", maxSize),
		width:       r.size("llama.embedding_length", maxSize),
		hidden:      r.size("llama.feed_forward_length", maxSize),
		heads:       r.size("llama.attention.head_count", maxSize),
		normEpsilon: float32(r.float("llama.attention.layer_norm_rms_epsilon")),
		ropeBase:    10000, // what Llama used before files said it
	}
	if r.err != nil {
		return config{}, r.err
	}
	c.keyHeads = r.sizeOr("llama.attention.head_count_kv", c.heads)
	c.headSize = r.sizeOr("llama.attention.key_length", c.width/c.heads)
	valueSize := r.sizeOr("llama.attention.value_length", c.headSize)
	rotated := r.sizeOr("llama.rope.dimension_count", c.headSize)
	if g.Has("llama.rope.freq_base") {
		c.ropeBase = r.float("llama.rope.freq_base")
	}
	if r.err != nil {
		return config{}, r.err
	}

	switch {
	case c.heads%c.keyHeads != 0:
		return config{}, fileErrorf("%d heads cannot share %d heads of keys evenly", c.heads, c.keyHeads)
	case c.headSize == 0 || c.headSize%2 != 0:
		return config{}, fileErrorf("heads have %d numbers, rotary embedding needs pairs", c.headSize)
	case valueSize != c.headSize || rotated != c.headSize:
		return config{}, fileErrorf("heads have %d numbers, their values %d and %d are rotated: only equal sizes are supported",
			c.headSize, valueSize, rotated)
	case c.ropeBase < 1:
		return config{}, fileErrorf("the base of the rotary embedding is %g, want 1 or more", c.ropeBase)
	case c.normEpsilon <= 0: // a norm of nothing but zeros would divide by it
		return config{}, fileErrorf("the epsilon of the norm is %g, want more than 0", c.normEpsilon)
	}
	const scaling = "llama.rope.scaling.type"
	if g.Has(scaling) {
		if name, err := g.String(scaling); err != nil || name != "none" {
			return config{}, fileErrorf("metadata %q asks for scaling, which is not supported", scaling)
		}
	}
	return c, nil
}

// configReader keeps the first error.
type configReader struct {
	g   *GGUF
	err error
}

func (r *configReader) size(key string, limit uint64) int {
	if r.err != nil {
		return 1
	}
	n, err := r.g.Uint(key)
	if err == nil && (n == 0 || n > limit) {
		err = fileErrorf("metadata %q is %d, want 1 to %d", key, n, limit)
	}
	if err != nil {
		r.err = err
		return 1 // lets the caller divide by it
	}
	return int(n)
}

func (r *configReader) sizeOr(key string, otherwise int) int {
	if !r.g.Has(key) {
		return otherwise
	}
	return r.size(key, maxSize)
}

func (r *configReader) float(key string) float64 {
	if r.err != nil {
		return 0
	}
	v, err := r.g.Float(key)
	if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
		err = fileErrorf("metadata %q is %v, want a finite number", key, v)
	}
	r.err = err
	return v
}
