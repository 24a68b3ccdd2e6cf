package apptest

import (
	"bytes"
	"strings"
	"sync"
)

// Log is what the program logged.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds to the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is the log so far, a JSON object a line.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Failures are the lines that say that a request or a job failed, on our side or because a provider is out of order.
func (l *Log) Failures() []string {
	var out []string
	for line := range strings.Lines(l.String()) {
		for _, message := range []string{"failed", "panic", "job failed", "job panicked"} {
			if strings.Contains(line, `"msg":"`+message+`"`) {
				out = append(out, line)
			}
		}
	}
	return out
}
