package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"mandat/internal/journal/checker"
	"mandat/internal/journal/format"
)

// What stands on the command line is an index or a time, and nothing in between.
func TestExportCmd_FromAndTo(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]format.Request{"": {}, "0": {}, "17": {From: 17}, "2026-11-01T00:00:00+01:00": {Since: "2026-10-31T23:00:00Z"}, "2026-11-01T00:00:00.5Z": {Since: "2026-11-01T00:00:00.5Z"}} {
		want.Form = format.FormLines
		if w, err := (exportCmd{From: from, Form: "zst"}).wanted(); err != nil || w.Request != want {
			t.Errorf("%q: %+v, %v", from, w.Request, err)
		}
	}
	for _, e := range []exportCmd{{From: "-1"}, {From: "017"}, {From: "yesterday"}, {From: "2026-11-01"}, {Until: "x"}, {From: "5", Until: "5"}, {From: "5", Until: "4"}, {Until: "0"}} {
		if w, err := e.wanted(); err == nil {
			t.Errorf("%+v is taken for %+v", e, w.Request)
		}
	}
}

// A terminal sees one line that changes, a file a line now and then, and each says how long it will be.
func TestProgress(t *testing.T) {
	t.Parallel()
	begun := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	for terminal, want := range map[bool]string{
		true:  "\r\x1b[K200,000 of 1,000,000 entries, 200,000 a second, 4s left\r\x1b[K800,000 of 1,000,000 entries, 20,000 a second, 10s left\r\x1b[K",
		false: "800,000 of 1,000,000 entries, 20,000 a second, 10s left\n",
	} {
		var out bytes.Buffer
		p := &progress{to: &out, terminal: terminal, begun: begun, told: begun}
		p.at(begun.Add(100*time.Millisecond), 65536, 1_000_000)
		p.at(begun.Add(time.Second), 200_000, 1_000_000)
		p.at(begun.Add(40*time.Second), 800_000, 1_000_000)
		p.at(begun.Add(40*time.Second+time.Millisecond), 900_000, 1_000_000)
		p.end()
		if out.String() != want {
			t.Errorf("terminal %t: %q", terminal, out.String())
		}
	}
	if got := strings.Join([]string{checker.Grouped(0), checker.Grouped(999), checker.Grouped(1000), checker.Grouped(20_000_000)}, " "); got != "0 999 1,000 20,000,000" {
		t.Error(got)
	}
}
