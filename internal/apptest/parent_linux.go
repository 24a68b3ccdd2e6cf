package apptest

import (
	"os/exec"
	"syscall"
)

// endWithParent lets the kernel kill the program when the tests are killed.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
