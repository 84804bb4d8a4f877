#!/usr/bin/env bash
# Runs every fuzz target of every module for the given time, as `go test -fuzz`
# takes only one target and one package a run.
set -eu

time=${1:-3s}
for module in . examples; do
	(
		cd "$module"
		go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./... | while read -r dir; do
			targets=$(grep -rhoE --include='*_test.go' --exclude-dir=testdata '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/^func //' || true)
			for target in $targets; do
				echo "fuzz ${dir#"$PWD"/} $target"
				# A minute of minimising would outlast the run many times over.
				(cd "$dir" && go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 1s . | tail -n 2)
			done
		done
	)
done
