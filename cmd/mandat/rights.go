package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/checker"
	"mandat/internal/org"
)

// change runs one act on people or organisations, as the program's.
func (p acting) change(ctx context.Context, act func(*org.Directory, journal.Actor) error) error {
	d, stop, err := p.directory(ctx)
	if err != nil {
		return err
	}
	defer stop()
	return explained(act(d, journal.Program()))
}

// changePerson is change on somebody who is named by their address or their id.
func (p acting) changePerson(ctx context.Context, who string, act func(*org.Directory, journal.Actor, uuid.UUID) error) error {
	return p.change(ctx, func(d *org.Directory, by journal.Actor) error {
		person, err := uuid.Parse(who)
		if err != nil {
			found, err := d.FindByEmail(ctx, who)
			if err != nil {
				return err
			}
			person = found.ID
		}
		return act(d, by, person)
	})
}

func explained(err error) error {
	switch {
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
	Person string `arg:"" help:"The person's address, or their id, as mandat admin person printed it and entries name it."`
}

// Run suspends a person.
func (s suspend) Run(ctx context.Context) error {
	return s.changePerson(ctx, s.Person, func(d *org.Directory, by journal.Actor, person uuid.UUID) error { return d.Suspend(ctx, by, person) })
}

type resume struct {
	acting
	Person string `arg:"" help:"The person's address, or their id."`
}

// Run lifts a suspension.
func (r resume) Run(ctx context.Context) error {
	return r.changePerson(ctx, r.Person, func(d *org.Directory, by journal.Actor, person uuid.UUID) error { return d.Resume(ctx, by, person) })
}

type endReceiving struct {
	acting
	Person string `arg:"" help:"The person's address, or their id."`
}

// Run ends the office of a recipient.
func (e endReceiving) Run(ctx context.Context) error {
	return e.changePerson(ctx, e.Person, func(d *org.Directory, by journal.Actor, person uuid.UUID) error {
		return d.EndReceiving(ctx, by, person)
	})
}

type recipients struct{ acting }

// Run lists recipients.
func (r recipients) Run(ctx context.Context) error {
	return r.change(ctx, func(d *org.Directory, by journal.Actor) error {
		all, err := d.Recipients(ctx, by)
		for _, p := range all {
			state := ""
			if p.Suspended {
				state = " (suspended)"
			}
			fmt.Println(p.ID, strings.TrimSpace(p.Recipient+" "+p.Department), checker.Printable(p.Email)+state)
		}
		return err
	})
}

type role struct {
	Person       string    `arg:"" help:"The person's address, or their id."`
	Organisation uuid.UUID `required:"" help:"Id of the organisation."`
	Role         string    `required:"" enum:"aidant,referent" help:"aidant or referent."`
}

type join struct {
	acting
	role
}

// Run gives a role.
func (j join) Run(ctx context.Context) error {
	return j.changePerson(ctx, j.Person, func(d *org.Directory, by journal.Actor, person uuid.UUID) error {
		return d.Join(ctx, by, person, j.Organisation, j.Role)
	})
}

type leave struct {
	acting
	role
}

// Run ends a role.
func (l leave) Run(ctx context.Context) error {
	return l.changePerson(ctx, l.Person, func(d *org.Directory, by journal.Actor, person uuid.UUID) error {
		return d.Leave(ctx, by, person, l.Organisation, l.Role)
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
