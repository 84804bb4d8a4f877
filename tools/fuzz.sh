#!/usr/bin/env bash
# Runs every fuzz target of every module, as `go test -fuzz` takes only one
# target and one package a run. The argument is a -fuzztime: a count such as
# 5000x by default, because a run that is ended by the clock may fail with
# "context deadline exceeded" although nothing was found.
set -euo pipefail

time=${1:-5000x}
for module in . examples examples/mounting tools; do
	go list -C "$module" -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./... | while read -r dir; do
		for target in $(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$dir"/*_test.go); do
			echo "fuzz ${dir#"$PWD"/} $target"
			go test -C "$dir" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 20x .
		done
	done
done
