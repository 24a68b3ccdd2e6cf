package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/notify"
	"mandat/internal/org"
	"mandat/internal/session"
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
	return org.New(d, journal.New(d, nil)).Telling(notify.Queue).Ending(session.EndIn), d.Close, nil
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

	AddressExtra       string `help:"A second line of the address."`
	Kind               string `default:"autre" help:"What it is: ccas, commune, association, etc.; a wrong one is answered with the list."`
	KindOther          string `help:"What it is, in words, when it is autre."`
	INSEECode          string `name:"insee-code" help:"INSEE code of its municipality."`
	DepartmentCode     string `help:"Code of its department."`
	FranceServices     string `help:"Number of its France Services label."`
	HabilitationNumber string `help:"Number of its habilitation."`
}

// Run adds an organisation and prints its id.
func (a addOrganisation) Run(ctx context.Context) error {
	if !org.ValidKind(a.Kind) {
		return fmt.Errorf("--kind is one of %s", strings.Join(kinds(), ", "))
	}
	d, stop, err := a.directory(ctx)
	if err != nil {
		return err
	}
	defer stop()
	id, err := d.CreateOrganisation(ctx, journal.Program(), org.Organisation{SIRET: a.SIRET, Name: a.Name, Address: a.Address, AddressExtra: a.AddressExtra, Postcode: a.Postcode,
		City: a.City, Phone: a.Phone, Email: a.Email, Kind: a.Kind, KindOther: a.KindOther, INSEECode: a.INSEECode, DepartmentCode: a.DepartmentCode,
		FranceServices: a.FranceServices, HabilitationNumber: a.HabilitationNumber})
	if errors.Is(err, db.ErrConflict) {
		return fmt.Errorf("an organisation with the SIRET %s, or with this habilitation number, is there already", a.SIRET)
	}
	if err != nil {
		return err
	}
	fmt.Println(id)
	return nil
}

func kinds() []string {
	var out []string
	for _, k := range org.Kinds() {
		out = append(out, k.Key)
	}
	return out
}

type addPerson struct {
	acting
	Issuer       string    `help:"ProConnect's issuer. Without it they sign in by a link to their address and a factor of their own."`
	Sub          string    `help:"The person's sub there."`
	Email        string    `required:""`
	GivenName    string    `required:""`
	UsualName    string    `required:""`
	Profession   string    `help:"What they work as."`
	Phone        string    `help:"Their telephone number, in France or its territories."`
	Lang         string    `enum:"fr,en" default:"fr" help:"The language of messages to them."`
	Adviser      bool      `help:"They are a conseiller numérique."`
	Organisation uuid.UUID `help:"Id of the organisation they work for; not for auditors and recipients."`
	Role         []string  `enum:"aidant,referent" help:"aidant, referent, or both."`
	Auditor      bool      `help:"They audit, and belong to no organisation here."`
	Recipient    string    `enum:",fraud,prefecture" default:"" help:"They receive a part of what is done, and belong to no organisation here: fraud (FranceConnect's fraud team) or prefecture."`
	Department   string    `help:"Code of the department of the prefecture: 75, 2A, 974."`
}

// Run adds a professional and prints their id.
func (a addPerson) Run(ctx context.Context) error {
	if !a.oneOffice() {
		return errors.New("want one of: --organisation and --role, --auditor, --recipient fraud, --recipient prefecture and --department")
	}
	if (a.Issuer == "") != (a.Sub == "") {
		return errors.New("want --issuer and --sub, or neither")
	}
	who, err := a.person()
	if err != nil {
		return err
	}
	d, stop, err := a.directory(ctx)
	if err != nil {
		return err
	}
	defer stop()
	id, err := d.AddPerson(ctx, journal.Program(), who, a.Organisation, a.Role...)
	if errors.Is(err, db.ErrConflict) {
		return errors.New("this e-mail address or this sub is known already")
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23503" { // foreign key
		return fmt.Errorf("there is no organisation %s: `mandat admin organisation` prints the id of the one it adds", a.Organisation)
	}
	if errors.Is(err, org.ErrRecipient) {
		return errors.New("--department is no code of a department")
	}
	if err != nil {
		return err
	}
	fmt.Println(id)
	return nil
}

// oneOffice reports whether one thing is said of what they are, and all of it.
func (a addPerson) oneOffice() bool {
	works := a.Organisation != uuid.Nil || len(a.Role) > 0
	switch {
	case a.Auditor:
		return !works && a.Recipient == "" && a.Department == ""
	case a.Recipient != "":
		return !works && (a.Recipient == org.Prefecture) == (a.Department != "")
	}
	return a.Organisation != uuid.Nil && len(a.Role) > 0 && a.Department == ""
}

// person is who is added. The operator vouches for their address.
func (a addPerson) person() (org.Person, error) {
	p := org.Person{Issuer: a.Issuer, Sub: a.Sub, EmailVerified: true, GivenName: a.GivenName, UsualName: a.UsualName, Profession: a.Profession,
		Lang: a.Lang, DigitalAdviser: a.Adviser, Auditor: a.Auditor, Recipient: a.Recipient, Department: a.Department}
	var err error
	if p.Email, err = org.Email(a.Email); err != nil {
		return p, errors.New("--email is no address")
	}
	if a.Phone != "" {
		if p.Phone, err = org.Phone(a.Phone); err != nil {
			return p, errors.New("--phone is no number in France or its territories")
		}
	}
	return p, nil
}

type adopt struct{}

// Run prints the SQL; it touches no database.
func (adopt) Run() error {
	fmt.Print(tree.AdoptSQL)
	return nil
}
