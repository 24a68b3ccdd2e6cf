package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/org"
)

type acting struct {
	URL string `env:"DATABASE_URL" required:"" help:"Connection string of the login mandat_app."`
}

// directory opens what organisations and people are added with. What it does is in the journal, as the program's.
func (p acting) directory(ctx context.Context) (*org.Directory, func(), error) {
	d, err := db.Open(ctx, db.Options{URL: p.URL, MaxConns: 2})
	if err != nil {
		return nil, nil, err
	}
	return org.New(d, journal.New(d, nil)), d.Close, nil
}

type addOrganisation struct {
	acting
	SIRET    string `required:"" help:"Number of the establishment, 14 digits."`
	Name     string `required:"" help:"As it stands on attestations."`
	Address  string `required:"" help:"Street and number."`
	Postcode string `required:"" help:"Five digits."`
	City     string `required:""`
	Phone    string `required:"" help:"Where a citizen ends a mandate by telephone."`
	Email    string `required:""`
}

// Run adds an organisation and prints its id.
func (a addOrganisation) Run(ctx context.Context) error {
	d, stop, err := a.directory(ctx)
	if err != nil {
		return err
	}
	defer stop()
	id, err := d.CreateOrganisation(ctx, journal.Program(), org.Organisation{SIRET: a.SIRET, Name: a.Name, Address: a.Address, Postcode: a.Postcode, City: a.City, Phone: a.Phone, Email: a.Email})
	if errors.Is(err, db.ErrConflict) {
		return fmt.Errorf("an organisation with the SIRET %s is there already", a.SIRET)
	}
	if err != nil {
		return err
	}
	fmt.Println(id)
	return nil
}

type addPerson struct {
	acting
	Issuer       string    `required:"" help:"ProConnect's issuer."`
	Sub          string    `required:"" help:"The person's sub there."`
	Email        string    `required:""`
	GivenName    string    `required:""`
	UsualName    string    `required:""`
	Organisation uuid.UUID `help:"Id of the organisation they work for; not for auditors."`
	Role         []string  `enum:"aidant,referent" help:"aidant, referent, or both."`
	Auditor      bool      `help:"They audit, and belong to no organisation here."`
}

// Run adds a professional and prints their id.
func (a addPerson) Run(ctx context.Context) error {
	if a.Auditor == (a.Organisation != uuid.Nil && len(a.Role) > 0) {
		return errors.New("want --organisation and --role, or --auditor")
	}
	d, stop, err := a.directory(ctx)
	if err != nil {
		return err
	}
	defer stop()
	id, err := d.AddPerson(ctx, journal.Program(), org.Person{Issuer: a.Issuer, Sub: a.Sub, Email: a.Email, GivenName: a.GivenName, UsualName: a.UsualName, Auditor: a.Auditor}, a.Organisation, a.Role...)
	if errors.Is(err, db.ErrConflict) {
		return errors.New("this e-mail address or this sub is known already")
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23503" { // foreign key
		return fmt.Errorf("there is no organisation %s: `mandat admin organisation` prints the id of the one it adds", a.Organisation)
	}
	if err != nil {
		return err
	}
	fmt.Println(id)
	return nil
}

type adopt struct{}

// Run prints the SQL; it touches no database.
func (adopt) Run() error {
	fmt.Print(tree.AdoptSQL)
	return nil
}
