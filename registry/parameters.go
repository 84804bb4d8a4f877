package registry

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// parameterCount is what the client reads too. Numbers as Go writes them, such as
// 1_0 or 0x10, are no part of it.
var parameterCount = regexp.MustCompile(`^\+?((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)([KMBTkmbt])$`)

var parameterUnits = map[string]float64{"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}

// ParseParameters reads a parameter count with its unit, K, M, B or T in either
// case: "350M" is 350,000,000 and less than "1.1B". The number is above 0 and below
// a million. The empty string is 0, unknown.
func ParseParameters(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	if parts := parameterCount.FindStringSubmatch(s); parts != nil {
		count, err := strconv.ParseFloat(parts[1], 64)
		if err == nil && count > 0 && count < 1e6 {
			return int64(math.Round(count * parameterUnits[strings.ToUpper(parts[2])])), nil
		}
	}
	return 0, fmt.Errorf("%q is no parameter count: want a number and a unit, such as 350M or 3.8B", s)
}
