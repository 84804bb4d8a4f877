package postgrestest

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockName is a file in each server's folder that its process holds locked. The kernel
// lets go of it when the process ends, in whatever way.
const lockName = "lock"

// settled is when a folder has long been locked, if it ever will be.
const settled = time.Minute

// claim marks a folder as that of a process that lives, until the file is closed.
func claim(folder string) (*os.File, error) {
	return lock(filepath.Join(folder, lockName), os.O_CREATE)
}

// removeLeftovers removes the folders of processes that were killed before they could.
// What it may not look at, or is in use, it leaves.
func removeLeftovers(pattern string) error {
	locks, err := filepath.Glob(filepath.Join(pattern, lockName))
	for _, name := range locks {
		if info, statErr := os.Lstat(name); statErr != nil || !info.Mode().IsRegular() || time.Since(info.ModTime()) < settled {
			continue
		}
		f, lockErr := lock(name, 0)
		if lockErr != nil {
			continue
		}
		err = errors.Join(err, os.RemoveAll(filepath.Dir(name)), f.Close())
	}
	return err
}

func lock(name string, flag int) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|flag, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
