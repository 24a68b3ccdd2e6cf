//go:build !linux

package twin

import (
	"os/exec"
	"syscall"
)

// tieToParent keeps the terminal's Ctrl-C from reaching the program before we have stopped using it. That it ends with its
// parent rests on its standard input alone here.
func tieToParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
