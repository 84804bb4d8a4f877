//go:build linux

package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime/pprof"
)

// startProfile profiles a child if -profile says so: CPU to role.cpu.pprof, and at
// stop the allocations until then to role.allocs.pprof.
func (o *options) startProfile() (stop func() error, err error) {
	if o.profile == "" {
		return func() error { return nil }, nil
	}
	path := filepath.Join(o.profile, o.role)
	cpu, err := os.Create(path + ".cpu.pprof")
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return nil, errors.Join(err, cpu.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		allocs, err := os.Create(path + ".allocs.pprof")
		if err != nil {
			return errors.Join(err, cpu.Close())
		}
		return errors.Join(cpu.Close(), pprof.Lookup("allocs").WriteTo(allocs, 0), allocs.Close())
	}, nil
}
