//go:build !linux

package postgrestest

import "syscall"

// own has nothing to do where tests don't run as root.
func own(string) error { return nil }

// serverProcess leaves processes as they are.
func serverProcess() *syscall.SysProcAttr { return nil }
