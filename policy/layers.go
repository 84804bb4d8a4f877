package policy

import "reflect"

// layersOf lists a policy and what it wraps, from the outside in. whole is false if
// one of them is nil, which ends the list before it, or if there is no end to them.
func layersOf(p Policy) (layers []Policy, whole bool) {
	const most = 100 // one that unwraps to itself has no end
	for !isNil(p) && len(layers) < most {
		layers = append(layers, p)
		w, wraps := p.(interface{ Unwrap() Policy })
		if !wraps {
			return layers, true
		}
		p = w.Unwrap()
	}
	return layers, false
}

// isNil reports whether there is nothing to call: no policy, or a pointer to none,
// or no function.
func isNil(p Policy) bool {
	v := reflect.ValueOf(p)
	return !v.IsValid() || (v.Kind() == reflect.Pointer || v.Kind() == reflect.Func) && v.IsNil()
}

// as finds an optional ability of a policy: that of its outermost layer that has it.
func as[Ability any](p Policy) (ability Ability, ok bool) {
	layers, _ := layersOf(p)
	for _, layer := range layers {
		if ability, ok = layer.(Ability); ok {
			return ability, true
		}
	}
	return ability, false
}
