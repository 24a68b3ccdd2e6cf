package format

import (
	"bytes"
	"runtime"
	"testing"
)

// A list that is none costs no memory for the files that it does not name.
func TestParseSums_OfLinesThatAreNone(t *testing.T) { //nolint:paralleltest // it looks at what the program allocates
	text := bytes.Repeat([]byte{'\n'}, MaxSums)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := ParseSums(text)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; err == nil || used > 32<<20 {
		t.Errorf("%v, and %d MiB", err, used>>20)
	}
}
