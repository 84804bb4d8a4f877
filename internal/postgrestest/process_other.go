//go:build !linux

package postgrestest

import (
	"os"
	"syscall"
)

// own has nothing to do where tests don't run as root.
func own(string) error { return nil }

// claim does nothing, for nothing is removed that others left.
func claim(string) (*os.File, error) { return nil, nil }

func removeLeftovers(string) error { return nil }

// serverProcess leaves processes as they are.
func serverProcess() *syscall.SysProcAttr { return nil }
