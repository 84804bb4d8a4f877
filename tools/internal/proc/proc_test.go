//go:build linux

package proc

import (
	"os"
	"slices"
	"testing"
	"time"
)

func TestAStatFileIsReadWhateverTheProgramIsCalled(t *testing.T) {
	const rest = " R 40 41 41 0 -1 4194304 99 101 102 103 250 17 107 108 20 0 9 0 1"
	want := Stat{PID: 42, Group: 41, State: "R", CPU: 2670 * time.Millisecond}
	for _, text := range []string{"42 (name)" + rest, "42 (a ) (b)" + rest, "42 (a ) S 9 (b) c)" + rest} {
		if got, err := parseStat([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "42", "42 (a", "42 (a)", "42 (a) S 1 2", "x (a)" + rest,
		"42 (a) S 1 x 3 4 5 6 7 8 9 10 11 12 13", "42 (a) S 1 2 3 4 5 6 7 8 9 10 x 12 13", "42 (a) S 1 2 3 4 5 6 7 8 9 10 11 x 13",
	} {
		if got, err := parseStat([]byte(text)); err == nil {
			t.Errorf("%q: got %+v, want an error", text, got)
		}
	}
}

func TestPeakIsTheHighWaterMark(t *testing.T) {
	status := "Name:\tVmHWM:\nVmPeak:\t  123456 kB\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n"
	if got, err := parsePeak([]byte(status)); err != nil || got != 20480 {
		t.Errorf("got %d, %v, want 20480", got, err)
	}
	for _, status := range []string{"", "VmRSS:\t1 kB\n", "VmHWM:\tmuch kB\n"} {
		if got, err := parsePeak([]byte(status)); err == nil {
			t.Errorf("%q: got %d, want an error", status, got)
		}
	}
}

func TestThisProcessCanBeMeasured(t *testing.T) {
	pid := os.Getpid()
	began, err := Read(pid)
	if err != nil || began.PID != pid {
		t.Fatalf("got %+v, %v, want process %d", began, err, pid)
	}
	for now := began; now.CPU == began.CPU; { // until it moves
		if now, err = Read(pid); err != nil {
			t.Fatal(err)
		}
	}
	if kib, err := Peak(pid); err != nil || kib < 1024 {
		t.Errorf("peak: got %d KiB, %v, want more than a MiB", kib, err)
	}
	if !slices.ContainsFunc(List(), func(s Stat) bool { return s.PID == pid && s.Group == began.Group }) {
		t.Error("it is not listed")
	}
}

func TestNoProcessIsAnError(t *testing.T) {
	if _, err := Read(-1); err == nil {
		t.Error("its CPU time is known")
	}
	if _, err := Peak(-1); err == nil {
		t.Error("its memory is known")
	}
}
