package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestFlags(t *testing.T) {
	c, err := parse(nil, io.Discard)
	want := config{
		addr: "127.0.0.1:8080", modules: "../jsclient/node_modules",
		db: "../.cache/demo.sqlite", keys: "../.cache/demo.keys",
	}
	if err != nil || c != want {
		t.Errorf("no flags give %+v, %v", c, err)
	}
	if _, err := parse([]string{"-help"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-help gives %v", err)
	}
}

func TestBadFlags(t *testing.T) {
	t.Setenv("DEMO_TEST_EMPTY", "")
	keys := filepath.Join(t.TempDir(), "keys")
	for want, args := range map[string][]string{
		"-model and -key-env need -backend":  {"-model", "llama3.2"},
		"need -backend":                      {"-key-env", "HOME"},
		"there is no argument":               {"127.0.0.1:8080"},
		"not defined":                        {"-port", "8080"},
		"names DEMO_TEST_EMPTY, which is":    {"-backend", "http://127.0.0.1:1", "-key-env", "DEMO_TEST_EMPTY"},
		"must be an http or https URL":       {"-backend", "ftp://127.0.0.1"},
		"must not hold credentials":          {"-backend", "http://user:secret@127.0.0.1"},
		"address 127.0.0.1: missing port":    {"-addr", "127.0.0.1"},
		"address 99999: invalid port":        {"-addr", "127.0.0.1:99999"},
		"must have neither query nor fragme": {"-backend", "http://127.0.0.1?key=secret"},
		"-db is empty":                       {"-db", ""},
		"-db begins with mysql://: name a":   {"-db", "mysql://user:secret@127.0.0.1/demo"},
		"keep the account in memory: -db me": {"-db", "/nowhere/at/all.sqlite", "-keys-file", keys},
		"can't be used: sqlstore: the table": {"-db", t.TempDir(), "-keys-file", keys},
		"refused":                            {"-db", "postgres://user:secret@127.0.0.1:1/demo", "-keys-file", keys},
		"invalid port":                       {"-db", "postgres://user:secret@127.0.0.1:x/demo", "-keys-file", keys},
		"-keys-file: ":                       {"-db", t.TempDir() + "/demo.sqlite", "-keys-file", t.TempDir()},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			var out strings.Builder
			err := run(t.Context(), append([]string{"-db", inMemory}, args...), &out, io.Discard)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("a secret is in %v", err)
			}
			if out.Len() > 0 {
				t.Errorf("it says that it runs: %s", &out)
			}
		})
	}
}

// A program that is told to end does so in good order; port 0 is told apart.
func TestRun(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, printed := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-db", inMemory}, printed, io.Discard) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`^Edgewise demo on (http://localhost:[1-9]\d*)\n$`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("the first line is %q", line)
	}
	resp, err := http.Get(m[1] + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAddressInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := run(t.Context(), []string{"-addr", l.Addr().String(), "-db", inMemory}, io.Discard, io.Discard); err == nil {
		t.Error("two programs on one address")
	}
}

func TestDisplay(t *testing.T) {
	for want, addr := range map[string]*net.TCPAddr{
		"localhost:8080": {IP: net.IPv4(127, 0, 0, 1), Port: 8080},
		"localhost:80":   {IP: net.IPv4zero, Port: 80},
		"localhost:81":   {IP: net.IPv6unspecified, Port: 81},
		"10.0.0.7:8080":  {IP: net.IPv4(10, 0, 0, 7), Port: 8080},
		"[::1]:8080":     {IP: net.IPv6loopback, Port: 8080},
	} {
		if got := display(addr); got != want {
			t.Errorf("%v is shown as %s, want %s", addr, got, want)
		}
	}
}
