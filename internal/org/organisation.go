package org

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

type organisationTold struct {
	SIRET       string   `json:"siret"`
	Particulars string   `json:"particulars_sha256"`
	Invitation  string   `json:"invitation,omitempty"` // of the first referent, with what follows
	Roles       []string `json:"roles,omitempty"`
	ExpiresAt   string   `json:"expires_at,omitempty"`
}

func (o *Organisation) told() organisationTold {
	return organisationTold{SIRET: o.SIRET, Particulars: hex.EncodeToString(o.particulars())}
}

// The forms of codes.
var (
	postcode   = regexp.MustCompile(`^[0-9]{5}$`)
	insee      = regexp.MustCompile(`^([0-9]{2}|2[AB])[0-9]{3}$`)
	department = regexp.MustCompile(`^([0-9]{2}|2A|2B|9[78][0-9])$`)
)

// DepartmentOf is the code of the department in which the commune with a code is, "" when that is no code.
func DepartmentOf(code string) string {
	switch {
	case !insee.MatchString(code):
		return ""
	case code[:2] == "97" || code[:2] == "98": // overseas
		return code[:3]
	}
	return code[:2]
}

// Faults names the members whose values cannot be so, by the names of a form's fields: "siret", "name", "address", "postcode", "city",
// "phone", "email", "kind", "kind_other", "insee_code", "department_code", "france_services", "habilitation_number", "address_extra".
func (o *Organisation) Faults() []string {
	var out []string
	refuse := func(field string, bad bool) {
		if bad {
			out = append(out, field)
		}
	}
	long := func(s string, least, most int) bool { n := utf8.RuneCountInString(s); return n < least || n > most }
	refuse("siret", !ValidSIRET(o.SIRET))
	refuse("name", !placeName(o.Name))
	refuse("address", long(o.Address, 1, 200))
	refuse("address_extra", long(o.AddressExtra, 0, 200))
	refuse("postcode", !postcode.MatchString(o.Postcode))
	refuse("city", long(o.City, 1, 100))
	refuse("phone", long(o.Phone, 1, 40))
	_, err := mail.ParseAddress(o.Email)
	refuse("email", err != nil || long(o.Email, 3, 254))
	refuse("kind", !ValidKind(o.Kind))
	refuse("kind_other", o.KindOther != "" && o.Kind != KindOther || long(o.KindOther, 0, 100))
	refuse("insee_code", o.INSEECode != "" && !insee.MatchString(o.INSEECode))
	refuse("department_code", o.DepartmentCode != "" && !department.MatchString(o.DepartmentCode))
	refuse("france_services", long(o.FranceServices, 0, 40))
	refuse("habilitation_number", long(o.HabilitationNumber, 0, 40))
	return out
}

// faultless returns ErrSIRET or ErrParticulars for an organisation that cannot be. The name that it has already may stay, of whatever form.
func (o *Organisation) faultless(named string) error {
	faults := slices.DeleteFunc(o.Faults(), func(field string) bool { return field == "name" && named != "" && o.Name == named })
	switch {
	case len(faults) == 0:
		return nil
	case faults[0] == "siret":
		return ErrSIRET
	default:
		return fmt.Errorf("%w: %v", ErrParticulars, faults)
	}
}

func (o *Organisation) values() []any {
	return []any{o.ID, o.SIRET, o.Name, o.Address, o.AddressExtra, o.Postcode, o.City, o.Phone, o.Email, o.Kind, db.OrNull(o.KindOther), db.OrNull(o.INSEECode),
		db.OrNull(o.DepartmentCode), db.OrNull(o.FranceServices), db.OrNull(o.HabilitationNumber)}
}

// CreateOrganisation adds an organisation without anybody in it, for the program: seeds, tests, and the operator on the command line.
// Administrators create one with its first referent (invitation.Register.CreateOrganisation). Errors are Create's, and ErrMayNot.
func (d *Directory) CreateOrganisation(ctx context.Context, by journal.Actor, o Organisation) (uuid.UUID, error) {
	if by.Kind != journal.System {
		return uuid.Nil, mayNot(WhyNotMember)
	}
	o.ID = token.ID()
	err := d.journal.Record(ctx, by, func(tx *journal.Tx) (journal.Event, error) { return Create(ctx, tx, o, nil) })
	if err != nil {
		return uuid.Nil, fmt.Errorf("create organisation: %w", err)
	}
	return o.ID, nil
}

// Opening is the invitation of an organisation's first referent, as its entry tells it.
type Opening struct {
	Invitation uuid.UUID
	Roles      []string
	ExpiresAt  time.Time
}

// Create is the part of an act that adds an organisation, whose ID is given beforehand, and returns the event of the act. first is the
// invitation that the act makes besides; nil is none. Its Kind is "autre" if none is told; its PublicID is made here. It returns ErrSIRET for a malformed
// number, ErrParticulars for other faults (see Faults), db.ErrConflict for a known SIRET or habilitation number.
func Create(ctx context.Context, tx *journal.Tx, o Organisation, first *Opening) (journal.Event, error) {
	if o.Kind == "" {
		o.Kind = KindOther
	}
	if err := o.faultless(""); err != nil {
		return journal.Event{}, err
	}
	told := o.told()
	if first != nil {
		told.Invitation, told.Roles, told.ExpiresAt = first.Invitation.String(), first.Roles, journal.TimeText(first.ExpiresAt)
	}
	_, err := tx.Exec(ctx, `insert into organisation (id, siret, name, address, address_extra, postcode, city, phone, email, kind, kind_other, insee_code,
		department_code, france_services, habilitation_number, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		append(o.values(), tx.Now)...)
	if db.Unique(err, "") {
		err = db.ErrConflict
	}
	return journal.Event{Action: "organisation.created", Organisation: o.ID, Detail: told}, err
}

// ChangeOrganisation changes what is known of an organisation: everything but its procedures and its state. An administrator may change
// all of it, a referent of the organisation all but SIRET, habilitation number and France Services label. Errors are those of
// Create, db.ErrNotFound for none that is open, ErrFactorTooOld.
func (d *Directory) ChangeOrganisation(ctx context.Context, by journal.Actor, o Organisation) error {
	lock := &pgx.Batch{}
	may := MayAdminister
	if by.Kind == journal.Referent {
		may = MayRun
	}
	allowed := may(lock, by)
	var was Organisation
	there := false
	lock.Queue(`select `+organisationColumns+` from organisation o where o.id = $1 and o.closed_at is null for no key update`, o.ID).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if there = rows.Next(); there {
			return rows.Scan(was.fields()...)
		}
		return rows.Err()
	})
	err := d.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		err := o.faultless(was.Name)
		if err == nil {
			err = changeable(by, o, was, there, allowed, tx)
		}
		if err != nil {
			return journal.Event{}, err
		}
		_, err = tx.Exec(ctx, `update organisation set siret = $2, name = $3, address = $4, address_extra = $5, postcode = $6, city = $7, phone = $8, email = $9,
			kind = $10, kind_other = $11, insee_code = $12, department_code = $13, france_services = $14, habilitation_number = $15 where id = $1`, o.values()...)
		return journal.Event{Action: "organisation.changed", Organisation: o.ID, Detail: o.told()}, err
	})
	if db.Unique(err, "") {
		return db.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("change organisation: %w", err)
	}
	return nil
}

func changeable(by journal.Actor, o, was Organisation, there bool, allowed func() error, tx *journal.Tx) error {
	if err := allowed(); err != nil {
		return err
	}
	if err := Fresh(by, tx.Now); err != nil {
		return err
	}
	if !there || by.Kind == journal.Referent && o.ID != by.Organisation {
		return db.ErrNotFound
	}
	if by.Kind == journal.Referent && (o.SIRET != was.SIRET || o.HabilitationNumber != was.HabilitationNumber || o.FranceServices != was.FranceServices) {
		return mayNot(WhyNotMember)
	}
	return nil
}
