// Package strictjson decodes JSON in which a word that nobody knows would change the
// meaning: an operator's files, and the policies and limits of a snapshot.
package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Decode decodes data into the value that into points to, as [json.Unmarshal] does,
// but refuses what that passes over: a key that no field has, a key that is spelt
// like a field in all but its case, and a key that stands twice in an object. The
// error names the key. Keys of a map may differ in case alone.
//
// Inside a [json.RawMessage] no keys are looked at: whoever decodes it does. Inside
// any other value that decodes itself, only repeated keys are refused.
func Decode(data []byte, into any) error {
	// Syntax first, and over the whole: a decoder would stop before what trails.
	if err := json.Unmarshal(data, new(json.RawMessage)); err != nil {
		return err
	}
	if err := checkKeys(data, into); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// KeyError says what is wrong with a key that [json.Unmarshal] would accept.
type KeyError struct {
	Key     string
	Problem string
}

// Error implements error.
func (e *KeyError) Error() string { return fmt.Sprintf("key %.200q %s", e.Key, e.Problem) }
