// Package proc reads what Linux tells of processes in /proc. Elsewhere it is empty.
package proc
