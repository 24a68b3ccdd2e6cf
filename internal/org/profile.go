package org

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Profile is what a person says of themselves.
type Profile struct {
	Profession     string
	DigitalAdviser bool
	Lang           string // "fr" or "en"
}

// ChangeProfile changes what the actor says of themselves. It returns ErrParticulars for a profession of more than 100 characters or another
// language.
func (d *Directory) ChangeProfile(ctx context.Context, by journal.Actor, p Profile) error {
	if utf8.RuneCountInString(p.Profession) > 100 || p.Lang != "fr" && p.Lang != "en" {
		return ErrParticulars
	}
	return db.Found("change profile", d.journal.Record(ctx, by, func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "person.changed", Detail: personChanged{Person: by.Person.String()}},
			tx.ExecOne(ctx, db.ErrConflict, `update person set profession = $2, digital_adviser = $3, lang = $4 where id = $1 and suspended_at is null`,
				by.Person, strings.TrimSpace(p.Profession), p.DigitalAdviser, p.Lang)
	}))
}

// Rename corrects the name of somebody, which stands on what citizens get: a referent that of a colleague, an administrator anybody's; nobody their own. The
// person is told. It returns db.ErrNotFound for nobody there, db.ErrConflict for who has left, ErrSeveralPlaces to a referent when it is not for their
// organisation alone to say, ErrParticulars for what is no Name, ErrYourself, ErrMayNot, ErrFactorTooOld.
func (d *Directory) Rename(ctx context.Context, by journal.Actor, person uuid.UUID, given, usual string) error {
	given, err := Name(given)
	if err != nil {
		return err
	}
	if usual, err = Name(usual); err != nil {
		return err
	}
	if person == by.Person {
		return ErrYourself
	}
	act, where, args := d.change, ``, []any{person, given, usual}
	if by.Kind == journal.Referent {
		act, where, args = d.run, ` and exists (select from membership where organisation_id = $4 and person_id = $1 and ended_at is null)`, append(args, by.Organisation)
	}
	return act(ctx, by, person, "rename", func(tx *journal.Tx) (journal.Event, error) {
		event := journal.Event{Action: "person.changed", Detail: personChanged{Person: person.String()}}
		err := tx.ExecOne(ctx, db.ErrConflict, `update person set given_name = $2, usual_name = $3 where id = $1`+where, args...)
		if err == nil && by.Kind == journal.Referent {
			err = onePlace(ctx, tx, person)
		}
		if err == nil {
			err = d.tell(tx.Tx, tx.Now, Message{Kind: "renamed", About: person.String() + " " + journal.TimeText(tx.Now), Person: person})
		}
		return event, err
	})
}

// onePlace is ErrSeveralPlaces for who works for more than one organisation.
func onePlace(ctx context.Context, tx *journal.Tx, person uuid.UUID) error {
	var several bool
	err := tx.QueryRow(ctx, `select person_places($1) > 1`, person).Scan(&several)
	return errors.Join(err, when(several, ErrSeveralPlaces))
}
