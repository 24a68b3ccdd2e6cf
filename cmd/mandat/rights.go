package main

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// change runs one act on people or organisations, as the program's.
func (p acting) change(ctx context.Context, act func(*org.Directory, journal.Actor) error) error {
	d, stop, err := p.directory(ctx)
	if err != nil {
		return err
	}
	defer stop()
	switch err := act(d, journal.Program()); {
	case errors.Is(err, db.ErrConflict):
		return errors.New("that is so already, or there is no such role or organisation")
	case errors.Is(err, db.ErrNotFound):
		return errors.New("there is no such person")
	default:
		return err
	}
}

type suspend struct {
	acting
	Person uuid.UUID `arg:"" help:"Id of the person, as mandat admin person printed it and entries name it."`
}

// Run suspends a person.
func (s suspend) Run(ctx context.Context) error {
	return s.change(ctx, func(d *org.Directory, by journal.Actor) error { return d.Suspend(ctx, by, s.Person) })
}

type resume struct {
	acting
	Person uuid.UUID `arg:"" help:"Id of the person."`
}

// Run lifts a suspension.
func (r resume) Run(ctx context.Context) error {
	return r.change(ctx, func(d *org.Directory, by journal.Actor) error { return d.Resume(ctx, by, r.Person) })
}

type role struct {
	Person       uuid.UUID `arg:"" help:"Id of the person."`
	Organisation uuid.UUID `required:"" help:"Id of the organisation."`
	Role         string    `required:"" enum:"aidant,referent" help:"aidant or referent."`
}

type join struct {
	acting
	role
}

// Run gives a role.
func (j join) Run(ctx context.Context) error {
	return j.change(ctx, func(d *org.Directory, by journal.Actor) error {
		return d.Join(ctx, by, j.Person, j.Organisation, j.Role)
	})
}

type leave struct {
	acting
	role
}

// Run ends a role.
func (l leave) Run(ctx context.Context) error {
	return l.change(ctx, func(d *org.Directory, by journal.Actor) error {
		return d.Leave(ctx, by, l.Person, l.Organisation, l.Role)
	})
}

type closing struct {
	acting
	Organisation uuid.UUID `arg:"" help:"Id of the organisation."`
}

// Run closes an organisation.
func (c closing) Run(ctx context.Context) error {
	return c.change(ctx, func(d *org.Directory, by journal.Actor) error { return d.Close(ctx, by, c.Organisation) })
}
