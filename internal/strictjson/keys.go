package strictjson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// checkKeys looks at the keys of valid JSON in the light of what it is decoded into.
func checkKeys(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // which takes any number: keys are all that counts here
	return checkValue(decoder, reflect.TypeOf(into))
}

// checkValue reads one value, which is for a Go value of type t, nil if unknown.
func checkValue(decoder *json.Decoder, t reflect.Type) error {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[json.RawMessage]() {
		return decoder.Decode(new(json.RawMessage))
	}
	if t != nil && decodesItself(t) {
		t = nil
	}
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		err = checkObject(decoder, t)
	case json.Delim('['):
		err = checkArray(decoder, t)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	_, err = decoder.Token() // the closing bracket
	return err
}

func checkArray(decoder *json.Decoder, t reflect.Type) error {
	var element reflect.Type
	if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		element = t.Elem()
	}
	for decoder.More() {
		if err := checkValue(decoder, element); err != nil {
			return err
		}
	}
	return nil
}

func checkObject(decoder *json.Decoder, t reflect.Type) error {
	fields := fieldsOf(t)
	seen := make(map[string]bool)
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		key := token.(string) // of valid JSON
		if seen[key] {
			return &KeyError{Key: key, Problem: "stands twice"}
		}
		seen[key] = true

		var value reflect.Type
		if t != nil && t.Kind() == reflect.Map {
			value = t.Elem()
		} else if i := slices.IndexFunc(fields, func(f field) bool { return f.name == key }); i >= 0 {
			value = fields[i].value
		} else if i := slices.IndexFunc(fields, func(f field) bool { return strings.EqualFold(f.name, key) }); i >= 0 {
			return &KeyError{Key: key, Problem: fmt.Sprintf("differs in case from %q", fields[i].name)}
		}
		if err := checkValue(decoder, value); err != nil {
			return err
		}
	}
	return nil
}

// field is one of a struct, by its name in JSON.
type field struct {
	name  string
	value reflect.Type
}

// fieldsOf lists the fields of a struct, none of any other type. An embedded
// struct's stand among them, as encoding/json has it.
func fieldsOf(t reflect.Type) (fields []field) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields = append(fields, field{name, f.Type})
	}
	return fields
}

func decodesItself(t reflect.Type) bool {
	pointer := reflect.PointerTo(t)
	return pointer.Implements(reflect.TypeFor[json.Unmarshaler]()) || pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}
