package registry_test

import (
	"testing"

	"github.com/edgewise-ai/edgewise/registry"
)

func TestParseParameters(t *testing.T) {
	rising := []struct {
		text string
		want int64
	}{
		{"", 0},
		{"1K", 1_000},
		{"125k", 125_000},
		{"350M", 350_000_000},
		{"0.5B", 500_000_000},
		{"999m", 999_000_000},
		{"1B", 1_000_000_000},
		{"1.1B", 1_100_000_000},
		{"3.8B", 3_800_000_000},
		{"3.82b", 3_820_000_000},
		{"8B", 8_000_000_000},
		{"10B", 10_000_000_000},
		{"70B", 70_000_000_000},
		{"1.8T", 1_800_000_000_000},
		{"999999T", 999_999_000_000_000_000},
	}
	previous := int64(-1)
	for _, test := range rising {
		got, err := registry.ParseParameters(test.text)
		if err != nil || got != test.want {
			t.Errorf("ParseParameters(%q) = %d, %v; want %d", test.text, got, err, test.want)
		}
		if got <= previous {
			t.Errorf("%q is not more than the one before", test.text)
		}
		previous = got
	}
	for text, want := range map[string]int64{
		"+1B": 1_000_000_000, "1.B": 1_000_000_000, ".5B": 500_000_000, "1e3M": 1_000_000_000, "2.5E-1t": 250_000_000_000, "1e+0k": 1_000,
	} {
		if got, err := registry.ParseParameters(text); err != nil || got != want {
			t.Errorf("ParseParameters(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"B", "3.8", "3,8B", "3.8 B", "3.8GB", "B3", "-1B", "0B", "NaNB", "InfB", "+InfM", "1e6B", "1000000T", "٣B", "3.8B ", "7b-chat",
		"1_0M", "1_000M", "0x10M", "0x1p4M", "++1B", "+B", ".B", ".e1B", "1e999B", "1e-999B", "1eB", "1e1.5B", "1\u212a", "1B\n", "\n1B",
	} {
		if got, err := registry.ParseParameters(text); err == nil {
			t.Errorf("ParseParameters(%q) = %d, want an error", text, got)
		}
	}
}
