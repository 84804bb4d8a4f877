package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/policy/internal/vectors"
)

// A reader needs no more than the lines, and gets as many as asked for.
func TestLines(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out, 100, 20, 7); err != nil {
		t.Fatal(err)
	}
	var decider *policy.Decider
	decisions, texts := 0, 0
	lines := bufio.NewScanner(bytes.NewReader(out.Bytes()))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var line struct {
			Snapshot *policy.Snapshot
			Vector   *vectors.Vector
			Text     *vectors.Text
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		switch {
		case line.Snapshot != nil:
			var err error
			if decider, err = line.Snapshot.Decider(); err != nil {
				t.Fatal(err)
			}
		case line.Vector != nil:
			decisions++
			again := vectors.Record(line.Vector.Name, line.Vector.Snapshot, decider, line.Vector.Input())
			if diff := cmp.Diff(*line.Vector, again); diff != "" || again.Trace == nil {
				t.Errorf("%s (-printed +decided again):\n%s", again.Name, diff)
			}
		case line.Text != nil:
			texts++
		default:
			t.Errorf("a line of no kind: %s", lines.Bytes())
		}
	}
	if lines.Err() != nil || decisions != 100 || texts != 20 {
		t.Errorf("%d vectors and %d texts (%v), want 100 and 20", decisions, texts, lines.Err())
	}
}

func TestASeedRepeatsItself(t *testing.T) {
	var one, same, other bytes.Buffer
	for out, seed := range map[*bytes.Buffer]uint64{&one: 1, &same: 1, &other: 2} {
		if err := run(out, 50, 50, seed); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), same.Bytes()) {
		t.Error("one seed gives different lines")
	}
	if bytes.Equal(one.Bytes(), other.Bytes()) {
		t.Error("two seeds give the same lines")
	}
}

func TestNegativeNumbersAreRefused(t *testing.T) {
	for _, counts := range [][2]int{{-1, 0}, {0, -1}} {
		if err := run(new(bytes.Buffer), counts[0], counts[1], 1); err == nil {
			t.Errorf("%v was accepted", counts)
		}
	}
}
