// Demo is Edgewise end to end in one program: it serves a page, the built
// client, the files of a tiny model and the API. A prompt is answered by that
// model in the page or in this process, as the policy decides.
//
//	go run -C examples ./demo
//	go run -C examples ./demo -backend http://127.0.0.1:11434/v1 -model llama3.2
//	go run -C examples ./demo -db postgres://edgewise@127.0.0.1/edgewise
//
// What was answered where is kept in a database: a SQLite file, unless -db names a
// PostgreSQL, or memory. A demo that is started again goes on with it; pages that are
// open by then stay as good as they were, for the keys that sign their right to report
// are kept as well, in -keys-file. The names of files are relative to the folder that the
// demo is started in, as make demo does in examples.
//
// The page can break things on purpose, to show what becomes of an answer: it ends its
// own engine, and has the server cut it off, which a demo that listens on another address
// than the loopback's does for nobody.
//
// A signal to end lets answers that have begun end, for a few seconds, and writes the
// account to the end; a second one ends the demo at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
)

// config is what the command line says.
type config struct {
	addr    string
	backend string // base URL of an OpenAI-compatible server; empty means the tiny model
	model   string
	keyEnv  string
	modules string // node_modules, where the browser's engine files lie
	db      string // the account's database: a file, a postgres:// URL, or inMemory
	keys    string // file of the keys that sign grants
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp): // the flags were printed
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// parse reads the command line. What people should read about it goes to help.
func parse(args []string, help io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(help)
	flags.StringVar(&c.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	flags.StringVar(&c.backend, "backend", "", "base `URL` of an OpenAI-compatible server (default: the tiny model, in this process)")
	flags.StringVar(&c.model, "model", "", "`name` of the model to ask that server for (default: the only one it has)")
	flags.StringVar(&c.keyEnv, "key-env", "", "environment `variable` that holds that server's API key")
	flags.StringVar(&c.modules, "modules", "../jsclient/node_modules", "`folder` of the npm packages that the page's engine is served from")
	flags.StringVar(&c.db, "db", "../.cache/demo.sqlite", "`database` of the account: a SQLite file, made if missing, a postgres:// URL, or memory for none")
	flags.StringVar(&c.keys, "keys-file", "../.cache/demo.keys", "`file` of the keys that sign grants, one a line, the first signs; made if missing, and not used with -db memory")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	switch {
	case flags.NArg() > 0:
		return config{}, fmt.Errorf("there is no argument %q: everything is a flag, see -help", flags.Arg(0))
	case c.backend == "" && (c.model != "" || c.keyEnv != ""):
		return config{}, errors.New("-model and -key-env need -backend: they describe a server")
	}
	if err := checkDatabase(c.db); err != nil {
		return config{}, err
	}
	return c, nil
}

// run serves until ctx ends. The address goes to out, what goes wrong to log.
func run(ctx context.Context, args []string, out, log io.Writer) error {
	c, err := parse(args, log)
	if err != nil {
		return err
	}
	app, err := newApp(ctx, c, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.addr)
	if err != nil {
		return errors.Join(err, app.close())
	}
	// Tests read the address from this line: with port 0 the system picks one.
	fmt.Fprintf(out, "Edgewise demo on http://%s\n", display(listener.Addr()))
	// The server first, so that its last answers are in the account that the app closes.
	return errors.Join(serve(ctx, listener, app, answerTime), app.close())
}

// display names the address as a person would type it: browsers treat localhost
// and 127.0.0.1 as secure, an unspecified address they can't open.
func display(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && (tcp.IP.IsUnspecified() || tcp.IP.IsLoopback() && tcp.IP.To4() != nil) {
		return fmt.Sprintf("localhost:%d", tcp.Port)
	}
	return addr.String()
}
