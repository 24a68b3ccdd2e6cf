package load

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"mandat/internal/certification"
	"mandat/internal/charter"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/terms"
)

// aidantsEach is how many aidants an organisation has.
const aidantsEach = 2

// office is an organisation and those who work there.
type office struct {
	id      uuid.UUID
	party   terms.Party
	aidants [aidantsEach]uuid.UUID
}

// registers are what organisations and people are added with, by acts of the program like any other.
type registers struct {
	directory *org.Directory
	certified *certification.Register
	charter   *charter.Register
	tested    time.Time
}

// open adds the organisations, as of a time before their first mandate.
func open(ctx context.Context, d *db.DB, began time.Time, count int) ([]office, error) {
	c := &clock.Clock{}
	c.Advance(time.Until(began))
	j := journal.New(d, c)
	r := registers{org.New(d, j), certification.New(d, j, nil, c, 700), charter.New(d, j), began.AddDate(0, -1, 0).Truncate(24 * time.Hour)}
	if err := r.charter.Publish(ctx); err != nil {
		return nil, err
	}
	const together = 8
	out, failed := make([]office, count), make([]error, together)
	var wait sync.WaitGroup
	for first := range together {
		wait.Go(func() {
			for n := first; n < count && failed[first] == nil; n += together {
				out[n], failed[first] = r.office(ctx, n)
			}
		})
	}
	wait.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r registers) office(ctx context.Context, n int) (office, error) {
	o := office{party: terms.Party{Name: fmt.Sprintf("Organisme d’essai n° %d", n), SIRET: siret(n), Address: fmt.Sprintf("%d rue de l’Essai", n%200+1), Postcode: "75001", City: "Paris",
		Phone: "+33 1 99 00 00 00", Email: fmt.Sprintf("accueil-%d@essai.invalid", n)}}
	p := o.party
	var err error
	o.id, err = r.directory.CreateOrganisation(ctx, journal.Program(), org.Organisation{SIRET: p.SIRET, Name: p.Name, Address: p.Address, Postcode: p.Postcode, City: p.City, Phone: p.Phone, Email: p.Email})
	for k := 0; k < aidantsEach && err == nil; k++ {
		o.aidants[k], err = r.aidant(ctx, o.id, n*aidantsEach+k)
	}
	return o, err
}

// aidant adds somebody who is certified and has accepted the charter. They have no second factor: nobody signs in as them.
func (r registers) aidant(ctx context.Context, organisation uuid.UUID, n int) (uuid.UUID, error) {
	id, err := r.directory.AddPerson(ctx, journal.Program(), org.Person{Issuer: "https://essai.invalid", Sub: fmt.Sprintf("essai-%d", n), Email: fmt.Sprintf("aidant-%d@essai.invalid", n), EmailVerified: true,
		GivenName: givenNames[n%len(givenNames)], UsualName: "Essai"}, organisation, org.RoleAidant)
	if err == nil {
		err = r.charter.Accept(ctx, journal.Actor{Kind: journal.Aidant, Person: id, Organisation: organisation}, charter.Version, charter.Sum())
	}
	if err == nil {
		err = r.certified.Grant(ctx, journal.Program(), id, certification.Course{On: r.tested.AddDate(0, 0, -1), Organiser: "Organisme d’essai", Kind: certification.Classic},
			certification.Test{On: r.tested, Score: 900})
	}
	return id, err
}

// siret is the n-th number of an establishment that has the form of one. It begins with 9999: no such company was ever registered.
func siret(n int) string {
	for end := range 10 {
		if s := fmt.Sprintf("9999%09d%d", n, end); org.ValidSIRET(s) {
			return s
		}
	}
	return ""
}
