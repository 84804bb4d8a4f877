package hybrid

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/policy"
)

// A field that is added to an input, and holds memory, must be copied too. (The
// candidate is a model of the index, which nobody changes.)
func TestCloneSharesNothing(t *testing.T) {
	var in policy.Input
	fill(reflect.ValueOf(&in).Elem())
	in.Candidate = nil
	c := cloneInput(in)
	if diff := cmp.Diff(in, c); diff != "" {
		t.Error(diff)
	}
	wantApart(t, "Input", reflect.ValueOf(in), reflect.ValueOf(c))
	if empty := cloneInput(policy.Input{}); !reflect.DeepEqual(empty, policy.Input{}) {
		t.Errorf("of nothing comes %+v", empty)
	}
}

func TestCloneTraceSharesNothing(t *testing.T) {
	var trace []policy.Step
	fill(reflect.ValueOf(&trace).Elem())
	c := cloneTrace(trace)
	if diff := cmp.Diff(trace, c); diff != "" {
		t.Error(diff)
	}
	wantApart(t, "Trace", reflect.ValueOf(trace), reflect.ValueOf(c))
	if cloneTrace(nil) != nil {
		t.Error("of no trace comes one")
	}
}

// fill puts something into everything that can hold memory.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.Zero(v.Type().Key()), reflect.Zero(v.Type().Elem()))
	}
}

func wantApart(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	switch a.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if a.IsNil() {
			return
		}
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", path)
		}
	}
	switch a.Kind() {
	case reflect.Pointer:
		wantApart(t, path, a.Elem(), b.Elem())
	case reflect.Struct:
		for i := range a.NumField() {
			wantApart(t, path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	case reflect.Slice:
		wantApart(t, path+"[0]", a.Index(0), b.Index(0))
	case reflect.Map:
		if holdsMemory(a.Type().Elem()) {
			t.Errorf("%s: its values hold memory", path)
		}
	}
}

func holdsMemory(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return true
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsMemory(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
