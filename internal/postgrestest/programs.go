package postgrestest

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// debian is where Debian keeps the programs of each major version; they are not in
// PATH there.
const debian = "/usr/lib/postgresql/*/bin"

// errMissing says what to do about it.
var errMissing = errors.New("postgrestest: there is no PostgreSQL server in PATH or " + debian +
	": install one (make system does on Debian, as does apt-get install postgresql)")

// programs returns the folder of the server's programs: the one in PATH, or else the
// newest that matches the pattern.
func programs(pattern string) (string, error) {
	if server, err := exec.LookPath("postgres"); err == nil {
		server, err = filepath.EvalSymlinks(server)
		return filepath.Dir(server), err
	}
	folders, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	folders = slices.DeleteFunc(folders, func(folder string) bool {
		_, err := os.Stat(filepath.Join(folder, "postgres"))
		return err != nil
	})
	if len(folders) == 0 {
		return "", errMissing
	}
	return slices.MaxFunc(folders, func(a, b string) int { return cmp.Compare(major(a), major(b)) }), nil
}

// major returns 15 of /usr/lib/postgresql/15/bin.
func major(folder string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
	return n
}
