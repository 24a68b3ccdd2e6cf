package main

import (
	"testing"

	"github.com/google/uuid"

	"mandat/internal/fixture"
)

func TestRights_AreChangedOnceAndInTheJournal(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	on, paul := acting{URL: w.App}, w.Paul.Person
	at := role{Person: paul, Organisation: w.Here, Role: "aidant"}
	for i, step := range []struct {
		err    error
		failed bool
	}{
		{suspend{on, paul}.Run(t.Context()), false},
		{suspend{on, paul}.Run(t.Context()), true},
		{resume{on, paul}.Run(t.Context()), false},
		{leave{on, at}.Run(t.Context()), false},
		{leave{on, at}.Run(t.Context()), true},
		{join{on, at}.Run(t.Context()), false},
		{closing{on, w.Elsewhere}.Run(t.Context()), false},
		{suspend{on, uuid.New()}.Run(t.Context()), true},
		{closing{on, uuid.New()}.Run(t.Context()), true},
	} {
		if (step.err != nil) != step.failed {
			t.Errorf("step %d: %v", i, step.err)
		}
	}
	w.Content(t)
}
