package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// readKeys returns the keys that sign grants: the lines of a file, which is made with a
// random one if it is missing. Pages that were opened before a restart report by grants
// of theirs, so the keys outlive the process, as the ledger does. The first signs and all
// verify: a new line in front rotates them.
//
// A service gets its keys from where its other secrets are, the same for all replicas,
// and not from the database that they guard.
func readKeys(file string) ([][]byte, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKeys(file); err != nil {
			return nil, fmt.Errorf("-keys-file: %w", err)
		}
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("-keys-file: %w", err)
	}
	var keys [][]byte
	for line := range strings.FieldsSeq(string(text)) {
		keys = append(keys, []byte(line))
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("-keys-file: %s has no key in it: remove it, and the demo makes another", file)
	}
	return keys, nil
}

// makeKeys makes the file all at once, and none where another process was first.
func makeKeys(file string) error {
	if err := makeFolder(file); err != nil {
		return err
	}
	made, err := os.CreateTemp(filepath.Dir(file), "keys-") // readable by its owner alone
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(made.Name()) }() // by now it has its other name
	_, err = fmt.Fprintln(made, rand.Text()+rand.Text())
	if err := errors.Join(err, made.Close()); err != nil {
		return err
	}
	if err := os.Link(made.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
