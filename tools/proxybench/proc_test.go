package main

import (
	"os"
	"testing"
	"time"
)

func TestCPUIsUserAndSystemTime(t *testing.T) {
	const fields = " S 1 2 3 4 -1 5 101 102 103 104 250 30 107 108 20 0 1 0 999 0 0"
	for _, stat := range []string{
		"42 (proxybench)" + fields,
		"42 (a ) S 9 (b) c)" + fields,
	} {
		if got, err := parseCPU([]byte(stat)); err != nil || got != 2800*time.Millisecond {
			t.Errorf("%q: got %v, %v, want 2.8s", stat, got, err)
		}
	}
	for _, stat := range []string{"", "42 (proxybench) S 1 2", "42 (p) S 1 2 3 4 5 6 7 8 9 10 x 12 13", "42 (p) S 1 2 3 4 5 6 7 8 9 10 11 x 13"} {
		if got, err := parseCPU([]byte(stat)); err == nil {
			t.Errorf("%q: got %v, want an error", stat, got)
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
	for began, _ := cpuOf(os.Getpid()); ; {
		now, err := cpuOf(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if now > began {
			break // it moves
		}
	}
	if kib, err := peakOf(os.Getpid()); err != nil || kib < 1024 {
		t.Errorf("peak: got %d KiB, %v, want more than a MiB", kib, err)
	}
	if _, err := cpuOf(-1); err == nil {
		t.Error("the CPU time of no process is no error")
	}
}
