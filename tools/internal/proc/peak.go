//go:build linux

package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Peak returns the most memory that a process ever had resident, in KiB.
func Peak(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	return parsePeak(status)
}

// parsePeak reads VmHWM of a status file (proc_pid_status(5)).
func parsePeak(status []byte) (int64, error) {
	for line := range bytes.Lines(status) {
		if value, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			value = bytes.TrimSuffix(bytes.TrimSpace(value), []byte(" kB"))
			return strconv.ParseInt(string(value), 10, 64)
		}
	}
	return 0, fmt.Errorf("a status file without VmHWM: %q", status)
}
