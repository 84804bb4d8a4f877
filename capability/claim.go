package capability

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// Presence says whether something is there. Its zero value means unknown. On
// the wire it is a JSON boolean, or no field at all.
type Presence uint8

// The three states of a [Presence].
const (
	Unknown Presence = iota
	No
	Yes
)

// MarshalJSON implements [json.Marshaler].
func (p Presence) MarshalJSON() ([]byte, error) {
	switch p {
	case Yes:
		return []byte("true"), nil
	case No:
		return []byte("false"), nil
	default:
		return []byte("null"), nil
	}
}

// UnmarshalJSON implements [json.Unmarshaler]; null means unknown.
func (p *Presence) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "true":
		*p = Yes
	case "false":
		*p = No
	case "null":
		*p = Unknown
	default:
		return typeError[bool](data)
	}
	return nil
}

// MaxCount is the largest [Count]: 2^53 - 1, the largest integer that
// JavaScript holds exactly.
const MaxCount = 1<<53 - 1

// Count is a whole number that a browser claims. Decoding takes any JSON
// number, rounds it down and clamps it to 0..[MaxCount]; zero means unknown.
type Count int64

// UnmarshalJSON implements [json.Unmarshaler].
func (c *Count) UnmarshalJSON(data []byte) error {
	f, err := number(data)
	if err != nil {
		return err
	}
	*c = Count(clampNumber(f, MaxCount))
	return nil
}

// MaxMemory is the largest [Memory]: 4 TiB.
const MaxMemory Memory = 4 << 20

// Memory is an amount of memory in MiB. On the wire it is a number of GB, which
// may have a fraction; decoding rounds down to a MiB, but never to nothing, and
// clamps to [MaxMemory]. Zero means unknown, and so does a claim of zero or less,
// which no machine can make in earnest.
type Memory int64

// GB is the number of MiB in what browsers and model cards call a gigabyte of
// memory.
const GB Memory = 1024

// MarshalJSON implements [json.Marshaler].
func (m Memory) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(m)/float64(GB), 'f', -1, 64), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (m *Memory) UnmarshalJSON(data []byte) error {
	f, err := number(data)
	if err != nil {
		return err
	}
	// A power of two only moves the exponent, so JavaScript gets the same
	// integer from the same number.
	*m = Memory(clampNumber(f*float64(GB), float64(MaxMemory)))
	if f > 0 {
		*m = max(*m, 1)
	}
	return nil
}

// CheckMemory reports a JSON number of GB that decoding as a [Memory] would clamp:
// right for a device's claim, but where an operator writes it, it is a mistake.
// null is fine. The error goes on where the field's name ends.
func CheckMemory(data []byte) error {
	gb, err := number(data)
	if err != nil {
		return err
	}
	if most := float64(MaxMemory) / float64(GB); gb < 0 || gb > most {
		return fmt.Errorf("is %.40s: want 0 to %g", data, most)
	}
	return nil
}

// number parses a JSON number; null is zero. Numbers too large for a float64
// become infinite and are clamped later, as every absurd claim is.
func number(data []byte) (float64, error) {
	if string(data) == "null" {
		return 0, nil
	}
	if c := data[0]; c != '-' && (c < '0' || c > '9') {
		return 0, typeError[float64](data)
	}
	f, err := strconv.ParseFloat(string(data), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, typeError[float64](data)
	}
	return f, nil
}

func clampNumber(f, most float64) int64 {
	return int64(math.Floor(max(0, min(f, most))))
}

// typeError reports a JSON value of the wrong type in the form that
// encoding/json completes with the path of the field.
func typeError[Want any](data []byte) error {
	kind := "value"
	switch data[0] {
	case '"':
		kind = "string"
	case '{':
		kind = "object"
	case '[':
		kind = "array"
	case 't', 'f':
		kind = "bool"
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		kind = "number"
	}
	return &json.UnmarshalTypeError{Value: kind, Type: reflect.TypeFor[Want]()}
}

func nameOf[T ~uint8](names []string, t T) string {
	if int(t) < len(names) {
		return names[t]
	}
	return strconv.Itoa(int(t))
}

func parseName[T ~uint8](names []string, text []byte, into *T, what, valid string) error {
	for i, name := range names {
		if name == string(text) {
			*into = T(i)
			return nil
		}
	}
	return fmt.Errorf("unknown %s %q: want %s", what, text, valid)
}
