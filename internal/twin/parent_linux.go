package twin

import (
	"os/exec"
	"syscall"
)

// tieToParent asks the system to end the program with its parent, and keeps the terminal's Ctrl-C from reaching it before
// we have stopped using it.
func tieToParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
