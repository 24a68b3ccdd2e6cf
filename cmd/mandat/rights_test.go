package main

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/fixture"
)

func TestRights_AreChangedOnceAndInTheJournal(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	on, paul := acting{URL: w.App}, w.Paul.Person
	known, err := w.Directory.Find(t.Context(), paul)
	if err != nil {
		t.Fatal(err)
	}
	at := role{Person: paul.String(), Organisation: w.Here, Role: "aidant"}
	for i, step := range []struct {
		err    error
		failed bool
	}{
		{suspend{on, paul.String()}.Run(t.Context()), false},
		{suspend{on, known.Email}.Run(t.Context()), true},
		{resume{on, strings.ToUpper(known.Email)}.Run(t.Context()), false},
		{leave{on, at}.Run(t.Context()), false},
		{leave{on, at}.Run(t.Context()), true},
		{join{on, at}.Run(t.Context()), false},
		{closing{on, w.Elsewhere}.Run(t.Context()), false},
		{suspend{on, uuid.NewString()}.Run(t.Context()), true},
		{suspend{on, "nobody@exemple.invalid"}.Run(t.Context()), true},
		{closing{on, uuid.New()}.Run(t.Context()), true},
	} {
		if (step.err != nil) != step.failed {
			t.Errorf("step %d: %v", i, step.err)
		}
	}
	w.Content(t)
}
