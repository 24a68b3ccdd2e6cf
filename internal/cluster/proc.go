package cluster

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// stat is what /proc/PID/stat says of a process, the zero value when there is none (proc(5)).
type stat struct {
	name   string
	state  string // one letter: R running, T stopped, Z gone and not yet waited for
	parent int
}

func statOf(pid int) stat {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}
	}
	// The name stands in brackets and may hold blanks and brackets: count from the last one.
	line := string(b)
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return stat{}
	}
	f := strings.Fields(line[end+1:])
	if len(f) < 2 {
		return stat{}
	}
	parent, _ := strconv.Atoi(f[1])
	return stat{name: line[open+1 : end], state: f[0], parent: parent}
}

func nameOf(pid int) string { return statOf(pid).name }

func alive(pid int) bool {
	state := statOf(pid).state
	return state != "" && state != "Z" && state != "X"
}

func stopped(pid int) bool { return statOf(pid).state == "T" }

// processes lists the process ids of the machine.
func processes() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

func childrenOf(pid int) []int {
	var children []int
	for _, child := range processes() {
		if statOf(child).parent == pid {
			children = append(children, child)
		}
	}
	return children
}
