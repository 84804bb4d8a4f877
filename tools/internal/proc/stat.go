//go:build linux

package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// tick is the unit of times in /proc: USER_HZ, 100 on all that Go runs on.
const tick = 10 * time.Millisecond

// Stat is a process as /proc/PID/stat has it.
type Stat struct {
	PID, Group int
	State      string        // "Z" once it has ended and nobody has asked how
	CPU        time.Duration // that it has used, in user and system mode, in steps of 10 ms
}

// Read returns what is told of a process.
func Read(pid int) (Stat, error) {
	return readStat(fmt.Sprintf("/proc/%d/stat", pid))
}

// List returns what is told of all processes, without those that end meanwhile.
func List() []Stat {
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // it fails for a malformed pattern only
	var all []Stat
	for _, file := range files {
		if s, err := readStat(file); err == nil {
			all = append(all, s)
		}
	}
	return all
}

func readStat(file string) (Stat, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Stat{}, err
	}
	return parseStat(text)
}

// parseStat reads a stat file (proc_pid_stat(5)). Its second field is the program's name
// in parentheses, which may hold anything, blanks and parentheses too.
func parseStat(text []byte) (Stat, error) {
	pid, rest, ok := bytes.Cut(text, []byte(" ("))
	end := bytes.LastIndexByte(rest, ')')
	fields := bytes.Fields(rest[end+1:]) // from the third on, the state
	if !ok || end < 0 || len(fields) < 13 {
		return Stat{}, fmt.Errorf("not a stat file: %q", text)
	}
	s := Stat{State: string(fields[0])}
	var user, system int64
	var errs [4]error
	s.PID, errs[0] = strconv.Atoi(string(pid))
	s.Group, errs[1] = strconv.Atoi(string(fields[2]))
	user, errs[2] = strconv.ParseInt(string(fields[11]), 10, 64)
	system, errs[3] = strconv.ParseInt(string(fields[12]), 10, 64)
	s.CPU = time.Duration(user+system) * tick
	return s, errors.Join(errs[:]...)
}
