package org

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// subject is what is compared: an organisation, a person, or a role of a person in an organisation.
type subject struct {
	of   string // as in journal.Difference
	id   uuid.UUID
	role string // "" or which role of whom
}

// picture is what is known of each subject, in words without personal data.
type picture map[subject]string

// Compare replays what the journal says of organisations, people and who works where, and names what the tables say
// otherwise. It reads as auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	var want, have picture
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		var err error
		if want, err = replay(ctx, tx); err != nil {
			return err
		}
		have, err = tables(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("compare organisations and people with the journal: %w", err)
	}
	return differences(want, have), nil
}

func differences(want, have picture) []journal.Difference {
	var out []journal.Difference
	add := func(s subject, what string) {
		out = append(out, journal.Difference{Of: s.of, ID: s.id.String(), What: s.role + what})
	}
	for s, h := range have {
		switch w, known := want[s]; {
		case !known:
			add(s, "stands in the tables, and no entry tells of it")
		case w != h:
			add(s, fmt.Sprintf("the tables say %s; the entries say %s", h, w))
		}
	}
	for s := range want {
		if _, there := have[s]; !there {
			add(s, "was added according to its entry, and is gone from the tables")
		}
	}
	slices.SortFunc(out, func(a, b journal.Difference) int {
		return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.ID, b.ID), cmp.Compare(a.What, b.What))
	})
	return out
}

func tables(ctx context.Context, tx pgx.Tx) (picture, error) {
	out := picture{}
	rows, err := tx.Query(ctx, `select `+organisationColumns+`, created_at from organisation o`)
	if err != nil {
		return nil, err
	}
	var o Organisation
	var since time.Time
	if _, err = pgx.ForEachRow(rows, append(o.fields(), &since), func() error {
		out[subject{of: "organisation", id: o.ID}] = organisationText(o.SIRET, o.particulars(), o.Active, since)
		return nil
	}); err != nil {
		return nil, err
	}
	if rows, err = tx.Query(ctx, `select id, issuer, sub, subject_salt, auditor, suspended_at, created_at from person`); err != nil {
		return nil, err
	}
	var p Person
	var salt []byte
	var end *time.Time
	if _, err = pgx.ForEachRow(rows, []any{&p.ID, &p.Issuer, &p.Sub, &salt, &p.Auditor, &end, &since}, func() error {
		out[subject{of: "person", id: p.ID}] = personText(p.subjectDigest(salt), p.Auditor, since, end)
		end = nil
		return nil
	}); err != nil {
		return nil, err
	}
	if rows, err = tx.Query(ctx, `select organisation_id, person_id, role, created_at, ended_at from membership`); err != nil {
		return nil, err
	}
	var organisation, person uuid.UUID
	var role string
	_, err = pgx.ForEachRow(rows, []any{&organisation, &person, &role, &since, &end}, func() error {
		out[membershipOf(organisation, person, role)] = membershipText(since, end)
		end = nil
		return nil
	})
	return out, err
}

// entry is what the replay reads of an entry.
type entry struct {
	Action       string    `json:"action"`
	At           time.Time `json:"at"`
	Organisation uuid.UUID `json:"organisation"`
	Detail       struct {
		SIRET       string    `json:"siret"`
		Particulars string    `json:"particulars_sha256"`
		Person      uuid.UUID `json:"person"`
		Subject     string    `json:"subject_sha256"`
		Roles       []string  `json:"roles"`
		Auditor     bool      `json:"auditor"`
	} `json:"detail"`
}

// actions are those that change our tables.
var actions = []string{"organisation.created", "organisation.closed", "person.added", "person.suspended", "person.resumed", "person.joined", "person.left"}

// apply follows one entry: what was added last, and when it ended since.
func (e entry) apply(added map[subject]entry, ended map[subject]*time.Time) {
	organisation, person := subject{of: "organisation", id: e.Organisation}, subject{of: "person", id: e.Detail.Person}
	switch e.Action {
	case "organisation.created":
		added[organisation] = e
	case "organisation.closed":
		ended[organisation] = &e.At
		for s := range added {
			if s.id == e.Organisation && s.role != "" && ended[s] == nil {
				ended[s] = &e.At
			}
		}
	case "person.added":
		added[person] = e
	case "person.suspended":
		ended[person] = &e.At
	case "person.resumed":
		delete(ended, person)
	}
	for _, role := range e.Detail.Roles {
		membership := membershipOf(e.Organisation, e.Detail.Person, role)
		if e.Action == "person.left" {
			ended[membership] = &e.At
			continue
		}
		added[membership] = e
		delete(ended, membership)
	}
}

// replay does again what the entries say was done.
func replay(ctx context.Context, tx pgx.Tx) (picture, error) {
	added, ended := map[subject]entry{}, map[subject]*time.Time{}
	err := journal.Replay(ctx, tx, `e.action = any ($1)`, []any{actions}, func(body []byte) {
		var e entry
		if json.Unmarshal(body, &e) != nil {
			return // a damaged entry is named by the journal's own comparison
		}
		e.apply(added, ended)
	})
	out := picture{}
	for s, e := range added {
		switch {
		case s.role != "":
			out[s] = membershipText(e.At, ended[s])
		case s.of == "person":
			digest, _ := hex.DecodeString(e.Detail.Subject) // not hexadecimal: then it differs from the table's
			out[s] = personText(digest, e.Detail.Auditor, e.At, ended[s])
		default:
			digest, _ := hex.DecodeString(e.Detail.Particulars)
			out[s] = organisationText(e.Detail.SIRET, digest, ended[s] == nil, e.At)
		}
	}
	return out, err
}

func membershipOf(organisation, person uuid.UUID, role string) subject {
	return subject{"organisation", organisation, "person " + person.String() + " as " + role + ": "}
}

func organisationText(siret string, particulars []byte, active bool, since time.Time) string {
	state := "open"
	if !active {
		state = "closed"
	}
	return fmt.Sprintf("SIRET %s, particulars %x, since %s, %s", siret, particulars, since.UTC().Format(journal.TimeFormat), state)
}

func personText(digest []byte, auditor bool, since time.Time, suspended *time.Time) string {
	return fmt.Sprintf("recognised by %x, auditor %t, since %s%s", digest, auditor, since.UTC().Format(journal.TimeFormat), until(", suspended at ", suspended))
}

func membershipText(since time.Time, ended *time.Time) string {
	return "since " + since.UTC().Format(journal.TimeFormat) + until(", ended at ", ended)
}

func until(words string, at *time.Time) string {
	if at == nil {
		return ""
	}
	return words + at.UTC().Format(journal.TimeFormat)
}
