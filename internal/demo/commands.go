package demo

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// outcome is what a command printed.
type outcome struct {
	text string
	err  error // it failed
}

// command runs the program itself, as somebody would in the folder of the check who has these settings and nothing else, and notes what it printed.
func (j *journals) command(settings []string, arguments ...string) outcome {
	cmd := exec.CommandContext(j.ctx, j.program, arguments...) //nolint:gosec // this very program
	cmd.Dir, cmd.Env = j.dir, settings
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "PG_BIN"} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	out, err := cmd.CombinedOutput()
	o := outcome{strings.TrimSpace(string(out)), err}
	j.note += "\n        $ mandat " + strings.Join(arguments, " ")
	for line := range strings.Lines(o.text) {
		j.note += "\n          " + shortened(strings.TrimRight(line, "\n"))
	}
	return o
}

// shortened is as much of a line as is read.
func shortened(line string) string {
	const most = 200
	if all := []rune(line); len(all) > most {
		return string(all[:most]) + "…"
	}
	return line
}

// works expects that a command succeeded, and printed all of these words.
func (o outcome) works(words ...string) error {
	if o.err != nil {
		return fmt.Errorf("%w: %s", o.err, o.text)
	}
	return o.has(words...)
}

// fails expects that a command failed, and said all of these words.
func (o outcome) fails(words ...string) error {
	if o.err == nil {
		return fmt.Errorf("it succeeded: %s", o.text)
	}
	return o.has(words...)
}

func (o outcome) has(words ...string) error {
	for _, w := range words {
		if !strings.Contains(o.text, w) {
			return fmt.Errorf("it does not say %q: %s", w, o.text)
		}
	}
	return nil
}

// auditing is what commands that read as auditor need.
func (j *journals) auditing() []string {
	return []string{"DATABASE_URL_AUDITOR=" + j.Cluster.DSN("mandat_auditor", Database)}
}

// verifies runs the check of anybody: it has neither database nor account.
func (j *journals) verifies(arguments ...string) outcome {
	return j.command(nil, append([]string{"journal", "verify", "--policy", "policy"}, arguments...)...)
}

// keys are the settings of an installation: its database, and where its keys and state lie.
func (j *journals) keys(database, keys, state string) []string {
	return []string{"DATABASE_URL=" + j.Cluster.DSN("mandat_app", database), "DATABASE_URL_OWNER=" + j.Cluster.DSN("mandat_owner", database), "KEYS_DIR=" + keys, "STATE_DIR=" + state,
		"KEY_ENCRYPTION_KEY_FILE=" + j.path("key-encryption.json")}
}
