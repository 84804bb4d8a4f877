//go:build linux

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The benchmark starts its own binary anew in each role; here that is the test's.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "-role=") {
		main()
		return
	}
	// Children built with the race detector would each wait for a second before they end.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	os.Exit(m.Run())
}

func TestATinyRunMeasuresEverything(t *testing.T) {
	profiles := t.TempDir()
	var out bytes.Buffer
	args := []string{"-quick", "-cpu=20ms", "-pairs=1", "-streams=5", "-prompt=100", "-profile=" + profiles}
	if err := run(t.Context(), args, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`CPU, plain c=1( +\d+\.\d µs){3} +\d+\.\d\d +\d+\.\d\dx +<= 1\.30x +(ok|over) +\d+\.\d\dx`,
		`CPU, plain c=16 +\d`,
		`CPU, stream c=1 +\d`,
		`CPU, stream c=16 +\d`,
		`CPU, stream c=16, usage not asked +\d`,
		`first token after 100 ms( +1\d\d\.\d\d ms){3} +p25 .*, p75 .* ms +[+-]\d+\.\d\d ms +<= 1\.00 ms +(ok|over) +[+-]\d+\.\d\d ms`,
		`5 paced streams, peak memory( +\d+\.\d MiB){3} +\d+\.\d\d +\d+\.\d\dx +<= 1\.50x +(ok|over)`,
		`5 paced streams, first token, p50( +\d+\.\d\d ms){3}`,
		`5 paced streams, first token, p99( +\d+\.\d\d ms){3}`,
		`answers that were not whole: 0`,
	} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("the report has no line like %q", want)
		}
	}
	for _, role := range proxyRoles {
		for _, kind := range []string{"cpu", "allocs"} {
			if info, err := os.Stat(filepath.Join(profiles, role+"."+kind+".pprof")); err != nil || info.Size() == 0 {
				t.Errorf("the profile of the %s's %s: %v", role, kind, err)
			}
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func TestAnInterruptEndsTheRunWithWhatItHas(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	progress := writerFunc(func(p []byte) (int, error) {
		if strings.Contains(string(p), "stream c=1") {
			interrupt()
		}
		return len(p), nil
	})
	var out bytes.Buffer
	err := run(ctx, []string{"-quick", "-cpu=20ms", "-run=c=1$"}, &out, progress)
	if err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v, want it to say that it was interrupted", err)
	}
	text := out.String()
	if !strings.Contains(text, "plain c=1") || strings.Contains(text, "stream c=1") || !strings.Contains(text, "not whole: 0") {
		t.Errorf("want the first measurement, and nothing of the one that was interrupted:\n%s", text)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A proxy that answers wrongly must make the run fail, and must not hold it up.
func TestAnswersThatFailAreReported(t *testing.T) {
	mock, err := start(t.Context(), roleMock)
	if err != nil {
		t.Fatal(err)
	}
	defer mock.stop()
	proxy, err := start(t.Context(), roleReverseProxy, "-upstream=http://"+mock.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.stop()
	unknown := newExchange("unknown", counted, 10)
	b := &bench{options: options{cpu: time.Hour}}
	if err := b.spend(t.Context(), proxy, unknown, 3, new(usage)); err == nil {
		t.Error("a proxy that gives no whole answer is no error")
	}
	if b.report.failed == 0 || b.report.failure == nil {
		t.Errorf("%d failures are reported, the first as %v", b.report.failed, b.report.failure)
	}
}

func TestFlagsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-rounds=0"}, {"-cpu=0s"}, {"-pairs=-1"}, {"-streams=0"}, {"-prompt=0"}, {"-run=("}, {"stray"}, {"-role=none"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

func TestChildrenEndWithTheirInput(t *testing.T) {
	c, err := start(t.Context(), roleMock)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.stop(); err != nil {
		t.Errorf("a child that was stopped: %v", err)
	}
	if _, err := start(t.Context(), "none"); err == nil {
		t.Error("a child without a role starts")
	}
}
