package draft

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/private"
)

// Documents are those on which an identity can be read.
var Documents = []string{"identity_card", "passport", "residence_permit", "driving_licence", "other"}

// IdentityError is ErrIdentity with what is wrong, by field: citizen.Identity.Check, and "document": "unknown".
type IdentityError struct{ Wrong map[string]string }

// Error returns the text of ErrIdentity.
func (e *IdentityError) Error() string { return ErrIdentity.Error() }

// Unwrap returns ErrIdentity.
func (e *IdentityError) Unwrap() error { return ErrIdentity }

// Misread returns what is wrong with what was read on a document, as IdentityError names it: a number or a secret in place of a name or a town, too (private.Holds).
func Misread(i citizen.Identity, document string) map[string]string {
	wrong := i.Check()
	for field, v := range map[string]string{"family_name": i.FamilyName, "usage_name": i.PreferredUsername, "given_name": i.GivenName, "born_town": i.BornTown, "born_country": i.BornCountry} {
		if private.Holds(v) != "" {
			wrong[field] = "invalid"
		}
	}
	if !slices.Contains(Documents, document) {
		wrong["document"] = "unknown"
	}
	return wrong
}

// Who is what people say of a citizen whose name and birth date the organisation knows by a document: who they are, or who they are not. The zero Who
// is nothing said.
type Who struct {
	Same uuid.UUID   // they are this citizen
	Not  []uuid.UUID // they are none of these; counts when Same is not said
}

// NamesakesError says that the organisation knows people of this name and birth date by a document, the longest known first. Who they are has to be said.
type NamesakesError struct{ Namesakes []citizen.Namesake }

// Error tells nobody's name.
func (e *NamesakesError) Error() string {
	return "the organisation knows people of this name, born on this day: who it is has to be said"
}

// ReadDocument puts into a draft of the actor's own the identity that they read on a document in the citizen's hands. It counts once a second
// colleague has seen the same (Witness). Of i it takes what a document tells, and the e-mail address.
//
// Somebody of this name and birth date may be known by a document already. Whether they are the same person is no matter of spelling: it is refused with
// a *NamesakesError, and an entry says who was shown, until who tells it of all of them. Of the same person an address and a birth place that are
// not told again stay as they are.
//
// Errors: *IdentityError, *NamesakesError, db.ErrNotFound for a Same who has not this name and birth date here, *TooLowError when a procedure needs FranceConnect, ErrMinor,
// citizen.ErrRestricted when somebody of this name and birth date asked to be erased.
func (r *Register) ReadDocument(ctx context.Context, by journal.Actor, id uuid.UUID, i citizen.Identity, document string, who Who) error {
	if wrong := Misread(i, document); len(wrong) > 0 {
		return &IdentityError{wrong}
	}
	i.Sub, i.Gender, i.Birthplace, i.Birthcountry = "", "", "", ""
	batch := &pgx.Batch{}
	mayAct, lookup := org.MayAct(batch, by), Lock(batch, by, id)
	namesakes, err := r.citizens.AskNamesakes(batch, by.Organisation, i)
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	err = r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		d, err := theirs(by, tx.Now, mayAct, lookup)
		if err != nil {
			return journal.Event{}, err
		}
		t := told{by: ByDocument, document: document, identity: i}
		if e, err := r.fits(tx, d, t); err != nil {
			return e, err
		}
		if err := r.citizens.Restricted(ctx, tx, by.Organisation, nil, &i); err != nil {
			return journal.Event{}, err
		}
		found, err := namesakes()
		if err == nil {
			err = r.tell(by.Organisation, &t, found, who)
		}
		if _, ask := errors.AsType[*NamesakesError](err); ask {
			return journal.Event{Action: "draft.namesakes_shown", Detail: detail{Draft: id.String(), Document: document, Namesakes: texts(ids(found))}}, journal.Refused{Err: err}
		}
		if err != nil {
			return journal.Event{}, err
		}
		return r.put(tx, d, t)
	})
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	return nil
}

// tell completes what was told with who it is: one of those found, or somebody new.
func (r *Register) tell(organisation uuid.UUID, t *told, found []citizen.Namesake, who Who) (err error) {
	if who.Same == uuid.Nil {
		if slices.ContainsFunc(found, func(n citizen.Namesake) bool { return !slices.Contains(who.Not, n.ID) }) {
			return &NamesakesError{found}
		}
		t.identity.Sub, t.others = citizen.NewDocumentSub(), ids(found)
		t.index, err = r.citizens.Index(organisation, t.identity.Sub)
		return err
	}
	at := slices.IndexFunc(found, func(n citizen.Namesake) bool { return n.ID == who.Same })
	if at < 0 {
		return db.ErrNotFound
	}
	same, i := found[at], &t.identity
	t.same, t.index, t.others = same.ID, same.Index, ids(slices.Delete(found, at, at+1))
	i.Sub = same.Identity.Sub
	if i.Email == "" {
		i.Email = same.Identity.Email
	}
	if i.BornTown == "" && i.BornCountry == "" {
		i.BornTown, i.BornCountry = same.Identity.BornTown, same.Identity.BornCountry
	}
	return nil
}

// sameAs is the column of whom a document tells.
func sameAs(t told) *uuid.UUID {
	if t.by != ByDocument || t.same == uuid.Nil {
		return nil
	}
	return &t.same
}

func ids(of []citizen.Namesake) (out []uuid.UUID) {
	for _, n := range of {
		out = append(out, n.ID)
	}
	return out
}

func texts(ids []uuid.UUID) (out []string) {
	for _, id := range ids {
		out = append(out, id.String())
	}
	return out
}
