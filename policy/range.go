package policy

import (
	"fmt"

	"github.com/edgewise-ai/edgewise/capability"
)

// option is a number among a policy's options, for checking. Zero stands for its
// default, so it is always fine.
type option struct {
	name  string
	value int64
	most  int64 // 0 means the largest count
}

// checkOptions reports the first number out of range.
func checkOptions(options ...option) error {
	for _, o := range options {
		if o.most == 0 {
			o.most = capability.MaxCount
		}
		if o.value < 0 || o.value > o.most {
			return fmt.Errorf("option %s is %d: want 0 (the default) to %d", o.name, o.value, o.most)
		}
	}
	return nil
}
