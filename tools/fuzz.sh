#!/usr/bin/env bash
# Runs every fuzz target of the modules that are named after the time, as
# `go test -fuzz` takes only one target and one package a run. The time is a
# -fuzztime, and best a count such as 5000x: a run that is ended by the clock may
# fail with "context deadline exceeded" although nothing was found.
set -euo pipefail

time=$1
shift
for module in "$@"; do
	go list -C "$module" -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./... | while read -r dir; do
		for target in $(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$dir"/*_test.go); do
			echo "fuzz ${dir#"$PWD"/} $target"
			go test -C "$dir" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 20x .
		done
	done
done
