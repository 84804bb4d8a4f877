package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
)

// changedClaim reports the first claim that the server would not believe as it
// was made: sent is the request as a tree, kept its JSON after the server's bounds
// were applied.
func changedClaim(sent any, kept []byte) error {
	tree, err := parseTree(kept)
	if err != nil {
		return err
	}
	return changed(sent, tree, "", "")
}

func changed(sent, kept any, path, name string) error {
	if object, ok := sent.(map[string]any); ok {
		of, _ := kept.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if err := changed(object[name], of[name], join(path, name), name); err != nil {
				return err
			}
		}
		return nil
	}
	if same(sent, kept) {
		return nil
	}
	claim, err := json.Marshal(sent)
	if err != nil {
		return err
	}
	if words, ok := wordsOf[name]; ok {
		return fmt.Errorf("%s is %.60s: want %s", path, claim, words)
	}
	if kept == nil {
		return fmt.Errorf("%s is %.60s, which the server would take as unknown", path, claim)
	}
	read, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return fmt.Errorf("%s is %.60s, which the server would read as %.60s", path, claim, read)
}

// wordsOf are the fields that take one of a few words, where decoding takes any.
var wordsOf = map[string]string{
	"gpuTier":    "none, low, medium or high",
	"status":     "absent, cached or loaded",
	"mode":       "auto, always or never",
	"inToolLoop": "browser or server",
	"lastTarget": "browser or server",
}

// same reports whether a claim was kept. Fractions may be rounded down; a zero
// need not be sent.
func same(sent, kept any) bool {
	switch v := sent.(type) {
	case nil:
		return true
	case json.Number:
		a, _ := v.Float64() // what is too large is infinite
		b, _ := number(kept).Float64()
		return math.Abs(a-b) < 1
	case []any:
		return len(v) == 0 && kept == nil || reflect.DeepEqual(sent, kept)
	default:
		return sent == kept || kept == nil && (sent == false || sent == "")
	}
}

func number(v any) json.Number {
	if n, ok := v.(json.Number); ok {
		return n
	}
	return "0"
}
