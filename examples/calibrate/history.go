package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"

	"github.com/edgewise-ai/edgewise/policy"
)

// history is what calibration keeps of a log: a few numbers a line.
type history struct {
	requests []request
	tasks    []string // request.task is a place here
	priors   map[string]policy.Level
}

// request is what calibration keeps of one line.
type request struct {
	numbers
	task       int32
	declared   policy.Target // where a declared level sends it; None if its numbers count
	defaults   policy.Target // where the default thresholds send it
	sufficient answer
}

// numbers are all that policy.Complexity looks at, once nothing is declared.
type numbers struct {
	promptLength int64
	outputTokens int64
	score        int64 // -1 where the line has no features
}

// answer says whether a local answer was good enough.
type answer uint8

const (
	unrated answer = iota
	insufficient
	sufficient
)

// line is a line of the log. Features and the words are as the route endpoint
// takes them.
type line struct {
	PromptLength *int64               `json:"promptLength"`
	PromptTokens int64                `json:"promptTokens"`
	MaxTokens    int64                `json:"maxTokens"`
	Complexity   policy.Level         `json:"complexity"`
	Task         string               `json:"task"`
	Features     *policy.TextFeatures `json:"features"`
	Sufficient   *bool                `json:"sufficient"`
}

// maxLine bounds a line, in bytes: logs may carry texts, which are passed over.
const maxLine = 4 << 20

// openHistory reads a log from a file, or from stdin for "-".
func openHistory(name string, stdin io.Reader, priors map[string]policy.Level) (*history, error) {
	in := io.NopCloser(stdin)
	if name == "-" {
		name = "standard input"
	} else {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		in = file
	}
	defer in.Close()
	h, err := readHistory(in, priors)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return h, nil
}

// readHistory reads line by line. A bad line is an error with its number: to pass over
// it would calibrate to something else than the log.
func readHistory(in io.Reader, priors map[string]policy.Level) (*history, error) {
	h := &history{priors: priors}
	places := make(map[string]int32)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	number := 1
	for ; lines.Scan(); number++ {
		parsed, err := parseLine(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		task, known := places[parsed.Task]
		if !known {
			task = int32(len(h.tasks))
			places[parsed.Task] = task
			h.tasks = append(h.tasks, parsed.Task)
		}
		r, err := h.measure(parsed)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		r.task = task
		h.requests = append(h.requests, r)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fmt.Errorf("line %d is longer than %d MiB", number, maxLine>>20)
	case err != nil:
		return nil, err
	case len(h.requests) == 0:
		return nil, errors.New("there is no line in it")
	}
	return h, nil
}

func parseLine(data []byte) (*line, error) {
	parsed := new(line)
	err := json.Unmarshal(data, parsed)
	if typing := (*json.UnmarshalTypeError)(nil); errors.As(err, &typing) {
		return nil, fmt.Errorf("%s holds a JSON %s: want %s", cmp.Or(typing.Field, "it"), typing.Value, describe(typing.Type))
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("no valid JSON: %w", err)
	case parsed.PromptLength == nil:
		return nil, errors.New("promptLength is missing: the number of Unicode code points in the prompt")
	}
	return parsed, nil
}

// describe says in words what JSON a type is read from.
func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int64:
		return "a whole number"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	default:
		return "an object"
	}
}

// measure reduces a line to what counts.
func (h *history) measure(parsed *line) (request, error) {
	r := policy.Request{
		PromptLength: *parsed.PromptLength,
		PromptTokens: parsed.PromptTokens,
		MaxTokens:    parsed.MaxTokens,
		Complexity:   parsed.Complexity,
		Task:         parsed.Task,
		Features:     parsed.Features,
	}
	if err := r.Validate(); err != nil {
		return request{}, err
	}
	return request{
		numbers:    numbersOf(&r),
		declared:   declared(&r, h.priors),
		defaults:   targetOf(policy.Complexity{}, &r),
		sufficient: rating(parsed.Sufficient),
	}, nil
}

func rating(good *bool) answer {
	switch {
	case good == nil:
		return unrated
	case *good:
		return sufficient
	default:
		return insufficient
	}
}
