// Command differential makes random decisions and counts random texts, and prints
// them as JSON, one a line, for another implementation to repeat:
//
//	{"snapshot": …}   decides about the vectors that follow
//	{"vector": …}     one decision, with its trace
//	{"text": …}       what is counted in one text
//
// The same seed gives the same lines. "make differential" runs it against the
// client.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/policy/internal/vectors"
)

// each is how many vectors there are of one snapshot.
const each = 40

func main() {
	cases := flag.Int("cases", 20_000, "how many decisions to make")
	texts := flag.Int("texts", 2_000, "how many texts to count")
	seed := flag.Uint64("seed", 1, "which random ones")
	flag.Parse()
	if err := run(os.Stdout, *cases, *texts, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "differential:", err)
		os.Exit(1)
	}
}

// run writes the lines.
func run(w io.Writer, cases, texts int, seed uint64) error {
	if cases < 0 || texts < 0 {
		return errors.New("-cases and -texts must not be negative")
	}
	out := bufio.NewWriterSize(w, 1<<16)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	if err := writeVectors(lines, rand.New(rand.NewPCG(seed, 1)), cases); err != nil {
		return err
	}
	if err := writeTexts(lines, rand.New(rand.NewPCG(seed, 2)), texts); err != nil {
		return err
	}
	return out.Flush()
}

func writeVectors(lines *json.Encoder, r *rand.Rand, n int) error {
	var d *policy.Decider
	for i := range n {
		if i%each == 0 {
			var err error
			if d, err = vectors.RandomDecider(r); err != nil {
				return fmt.Errorf("snapshot %d: %w", i/each, err)
			}
			if err := lines.Encode(map[string]policy.Snapshot{"snapshot": d.Snapshot()}); err != nil {
				return err
			}
		}
		in := vectors.RandomInput(r, d.Index().Models())
		in.Trace = true
		v := vectors.Record(fmt.Sprintf("random %d", i), i/each, d, in)
		if err := lines.Encode(map[string]vectors.Vector{"vector": v}); err != nil {
			return err
		}
	}
	return nil
}

func writeTexts(lines *json.Encoder, r *rand.Rand, n int) error {
	for range n {
		if err := lines.Encode(vectors.RecordText(vectors.RandomText(r))); err != nil {
			return err
		}
	}
	return nil
}
