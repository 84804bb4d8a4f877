package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// decodeStrictly decodes one JSON object, and returns it as a tree too. A field
// that into does not have, or whose value does not fit, is an error that gives its
// path and says what would be right.
func decodeStrictly(data []byte, into any) (tree any, err error) {
	var syntax *json.SyntaxError
	if err := json.Unmarshal(data, new(json.RawMessage)); errors.As(err, &syntax) {
		line := 1 + bytes.Count(data[:max(syntax.Offset-1, 0)], []byte("\n"))
		return nil, fmt.Errorf("line %d is no valid JSON: %w", line, err)
	}
	if tree, err = parseTree(data); err != nil {
		return nil, err
	}
	if err := fits(tree, reflect.TypeOf(into).Elem(), ""); err != nil {
		return nil, err
	}
	return tree, json.Unmarshal(data, into)
}

// parseTree keeps numbers as they are written.
func parseTree(data []byte) (tree any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	err = decoder.Decode(&tree)
	return tree, err
}

// fits reports the first field, in the order of names, that type t has no place for.
func fits(value any, t reflect.Type, path string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	object, isObject := value.(map[string]any)
	switch {
	case value == nil: // null is as good as absent
		return nil
	case isObject && t.Kind() == reflect.Struct:
		fields := fieldsOf(t)
		for _, name := range slices.Sorted(maps.Keys(object)) {
			field, known := fields[name]
			if !known {
				return unknownField(path, name, fields)
			}
			if err := fits(object[name], field, join(path, name)); err != nil {
				return err
			}
		}
		return nil
	case isObject && t.Kind() == reflect.Map:
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if err := fits(object[key], t.Elem(), join(path, key)); err != nil {
				return err
			}
		}
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	err = json.Unmarshal(text, reflect.New(t).Interface())
	if typing := (*json.UnmarshalTypeError)(nil); errors.As(err, &typing) {
		return fmt.Errorf("%s is %.60s: want %s", named(path), text, describe(t))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// fieldsOf returns a struct's fields by their names on the wire.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type)
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			fields[name] = f.Type
		}
	}
	return fields
}

func unknownField(path, name string, fields map[string]reflect.Type) error {
	switch name {
	case "messages", "prompt", "content", "input", "text":
		if path == "" {
			return fmt.Errorf("%q holds text, which no decision sees: leave it out and give numbers, promptLength for one", name)
		}
	}
	return fmt.Errorf("%s is unknown: %s has %s", join(path, name), named(path), strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
}

// describe says in words what JSON a type is read from.
func describe(t reflect.Type) string {
	_, ownJSON := reflect.New(t).Interface().(json.Unmarshaler)
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Uint8: // words of a closed set; those read from JSON are truth values
		if ownJSON {
			return "true or false"
		}
		return "a string"
	case reflect.Int, reflect.Int64:
		if ownJSON { // a claim, which is rounded
			return "a number"
		}
		return "a whole number"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "an array of strings"
	default:
		return "an object"
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// named gives the path of the whole a name.
func named(path string) string {
	if path == "" {
		return "the request"
	}
	return path
}
