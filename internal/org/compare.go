package org

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// subject is what is compared: an organisation, a person, a name of a person at ProConnect, a role of a person in an organisation, who ever gave them one, or a version of an organisation's opening hours.
type subject struct {
	of   string // as in journal.Difference
	id   uuid.UUID
	part string // "" or which name, which role of whom, which giver, or which version of hours, followed by a colon
}

// life is what is known of a subject, without personal data.
type life struct {
	what       string // what it is
	state      string // open, suspended, closed; asked, confirmed, refused
	since      time.Time
	suspended  *time.Time
	under      bool // by auditors, according to the entries
	ended      *time.Time
	procedures []string // nil: every one
}

// String says it in words, which are compared.
func (l life) String() string {
	words := []string{"since " + journal.TimeText(l.since)}
	add := func(s string, there bool) {
		if there {
			words = append(words, s)
		}
	}
	add(l.what, l.what != "")
	add(l.state, l.state != "")
	if l.suspended != nil {
		words = append(words, "suspended at "+journal.TimeText(*l.suspended))
	}
	if l.ended != nil {
		words = append(words, "ended at "+journal.TimeText(*l.ended))
	}
	add("only "+strings.Join(l.procedures, " "), l.procedures != nil)
	return strings.Join(words, ", ")
}

// picture is what is known of each subject.
type picture map[subject]*life

// Compare replays what the journal says of organisations, people, by what they are recognised and who works where, and names what
// the tables say otherwise. It reads as auditor, in one snapshot.
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
	return journal.Differences(have, want, subject.difference, journal.Words[*life]{
		Stray: "stands in the tables, and no entry tells of it",
		Other: "the tables say {tables}; the entries say {entries}",
		Gone:  "was added according to its entry, and is gone from the tables",
	}), nil
}

// difference names what was found of a subject.
func (s subject) difference(what string) journal.Difference {
	return journal.Difference{Of: s.of, ID: s.id.String(), What: s.part + what}
}

func tables(ctx context.Context, tx pgx.Tx) (picture, error) {
	out := picture{}
	for _, read := range []func(context.Context, pgx.Tx, picture) error{organisationRows, hoursRows, personRows, identityRows, membershipRows, giverRows} {
		if err := read(ctx, tx, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func organisationRows(ctx context.Context, tx pgx.Tx, out picture) error {
	rows, err := tx.Query(ctx, `select `+organisationColumns+`, created_at from organisation o`)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		var o Organisation
		var l life
		err := row.Scan(append(o.fields(), &l.since)...)
		l.what, l.procedures, l.state = organisationText(o.SIRET, o.particulars()), o.Procedures, stateOpen
		switch {
		case o.ClosedAt != nil:
			l.state, l.ended = stateClosed, o.ClosedAt
		case !o.Active:
			l.state = stateSuspended
		}
		out[organisationSubject(o.ID)] = &l
		return struct{}{}, err
	})
	return err
}

func personRows(ctx context.Context, tx pgx.Tx, out picture) error {
	rows, err := tx.Query(ctx, `select id, auditor, administrator, coalesce(recipient, ''), coalesce(department_code, ''), coalesce(suspended_why, ''), suspended_at, created_at, coalesce(appointed_by, $1),
		coalesce(appointed_at, created_at) from person`, uuid.Nil)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		var id uuid.UUID
		var o office
		var by uuid.UUID
		var at time.Time
		var l life
		err := row.Scan(&id, &o.auditor, &o.administrator, &o.recipient, &o.department, &l.state, &l.suspended, &l.since, &by, &at)
		l.what = o.text(by, at)
		out[personSubject(id)] = &l
		return struct{}{}, err
	})
	return err
}

func identityRows(ctx context.Context, tx pgx.Tx, out picture) error {
	rows, err := tx.Query(ctx, `select person_id, issuer, sub, salt, state, asked_at, decided_at, refused_at, vouched_at, coalesce(vouched_by, $1), coalesce(vouched_for, $1), coalesce(decided_by, $1)
		from person_identity`, uuid.Nil)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		var person uuid.UUID
		var issuer, sub string
		var salt []byte
		var l life
		var refusedAt, vouchedAt *time.Time
		var vouchedBy, vouchedFor, decidedBy uuid.UUID
		err := row.Scan(&person, &issuer, &sub, &salt, &l.state, &l.since, &l.ended, &refusedAt, &vouchedAt, &vouchedBy, &vouchedFor, &decidedBy)
		if refusedAt != nil {
			l.what = refusedText(*refusedAt)
		}
		if vouchedAt != nil {
			l.what += vouchedText(vouchedBy, vouchedFor, *vouchedAt)
		}
		l.what += decidedText(decidedBy)
		out[identitySubject(person, fmt.Sprintf("%x", subjectDigest(salt, issuer, sub)))] = &l
		return struct{}{}, err
	})
	return err
}

func membershipRows(ctx context.Context, tx pgx.Tx, out picture) error {
	rows, err := tx.Query(ctx, `select organisation_id, person_id, role, created_at, suspended_at, ended_at, procedures, coalesce(given_by, $1) from membership`, uuid.Nil)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		var organisation, person, giver uuid.UUID
		var role string
		var l life
		err := row.Scan(&organisation, &person, &role, &l.since, &l.suspended, &l.ended, &l.procedures, &giver)
		l.what = givenText(giver)
		out[membershipSubject(organisation, person, role)] = &l
		return struct{}{}, err
	})
	return err
}

func giverRows(ctx context.Context, tx pgx.Tx, out picture) error {
	rows, err := tx.Query(ctx, `select person_id, coalesce(organisation_id, $1), giver_id, given_at from person_giver`, uuid.Nil)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		var person, organisation, giver uuid.UUID
		var l life
		err := row.Scan(&person, &organisation, &giver, &l.since)
		out[giverSubject(person, organisation, giver)] = &l
		return struct{}{}, err
	})
	return err
}

// The states of an organisation.
const (
	stateOpen      = "open"
	stateSuspended = "suspended"
	stateClosed    = "closed"
)

func organisationSubject(id uuid.UUID) subject { return subject{of: "organisation", id: id} }

func personSubject(id uuid.UUID) subject { return subject{of: "person", id: id} }

func identitySubject(person uuid.UUID, digest string) subject {
	return subject{"person", person, "recognised by " + digest + ": "}
}

func membershipSubject(organisation, person uuid.UUID, role string) subject {
	return subject{"organisation", organisation, "person " + person.String() + " as " + role + ": "}
}

func giverSubject(person, organisation, giver uuid.UUID) subject {
	return subject{"person", person, "brought into " + organisation.String() + " by " + giver.String() + ": "}
}

func organisationText(siret string, particulars []byte) string {
	return fmt.Sprintf("SIRET %s, particulars %x", siret, particulars)
}

func refusedText(at time.Time) string {
	return fmt.Sprintf("refused before at %s ", journal.TimeText(at))
}

func vouchedText(by, organisation uuid.UUID, at time.Time) string {
	return fmt.Sprintf("vouched for by %s of %s at %s", by, organisation, journal.TimeText(at))
}

// decidedText says who decided, "" for the program.
func decidedText(by uuid.UUID) string {
	if by == uuid.Nil {
		return ""
	}
	return " decided by " + by.String()
}

// office is what somebody is beside their roles.
type office struct {
	auditor, administrator bool
	recipient, department  string
}

// text says also who appointed an administrator, and when.
func (o office) text(by uuid.UUID, at time.Time) string {
	text := fmt.Sprintf("auditor %t, administrator %t", o.auditor, o.administrator)
	if o.recipient != "" {
		text += fmt.Sprintf(", recipient %s %s", o.recipient, o.department)
	}
	if o.administrator {
		text += fmt.Sprintf(", appointed by %s at %s", by, journal.TimeText(at))
	}
	return text
}

// givenText says who gave a role, "" for the program.
func givenText(by uuid.UUID) string {
	if by == uuid.Nil {
		return ""
	}
	return "given by " + by.String()
}
