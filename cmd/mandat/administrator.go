package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/notify"
	"mandat/internal/org"
)

// invitations opens what administrators are invited with, and the directory in which they are.
func (p acting) invitations(ctx context.Context) (*invitation.Register, *org.Directory, func(), error) {
	d, err := db.Open(ctx, db.Options{URL: p.URL, MaxConns: 2})
	if err != nil {
		return nil, nil, nil, err
	}
	j := journal.New(d, nil)
	directory := org.New(d, j).Telling(notify.Queue)
	return invitation.New(d, j, directory, nil), directory, d.Close, nil
}

type first struct {
	acting
	Site      string `env:"BASE_URL" required:"" help:"The address of the site, as browsers write it."`
	Email     string `required:"" help:"Their address: nominative, and theirs alone."`
	GivenName string `required:""`
	UsualName string `required:""`
	Lang      string `enum:"fr,en" default:"fr" help:"The language of messages to them."`
}

// Run invites the first administrator and prints the link. The secret in it is printed this once, and kept nowhere.
func (f first) Run(ctx context.Context) error {
	r, _, stop, err := f.invitations(ctx)
	if err != nil {
		return err
	}
	defer stop()
	secret, err := r.First(ctx, invitation.Invitee{Email: f.Email, GivenName: f.GivenName, UsualName: f.UsualName, Lang: f.Lang})
	switch {
	case errors.Is(err, db.ErrConflict):
		return errors.New("there is an administrator already, or the link of one still works: administrators invite the others, on the site")
	case errors.Is(err, org.ErrContact):
		return errors.New("--email is no address")
	case err != nil:
		return err
	}
	fmt.Println(strings.TrimSuffix(f.Site, "/") + "/invitation/" + secret)
	return nil
}

type confirm struct {
	acting
	Email string `arg:"" help:"The address of who is proposed, of whom a ProConnect account was confirmed once, or of whom a reset of the second factors was asked; or of the only administrator, who has lost theirs."`
}

// Run confirms in the place of a second person, while there is nobody on the site who could be it: that somebody becomes an administrator, and the site sends
// the link; that somebody has another name at ProConnect, which a first person has vouched for; that somebody's factors are removed, as a first one has
// asked, or nobody could, because they are the only administrator.
func (c confirm) Run(ctx context.Context) error {
	r, directory, stop, err := c.invitations(ctx)
	if err != nil {
		return err
	}
	defer stop()
	id, err := r.Proposal(ctx, c.Email)
	switch {
	case err == nil:
		err = r.Confirm(ctx, journal.Program(), id)
	case errors.Is(err, db.ErrNotFound):
		if err = confirmName(ctx, directory, c.Email); errors.Is(err, db.ErrNotFound) {
			err = c.confirmReset(ctx, directory)
		}
	}
	switch {
	case errors.Is(err, db.ErrConflict), errors.Is(err, db.ErrNotFound):
		return errors.New("nothing waits for a second person under this address: no administrator who is proposed, no ProConnect account, no reset of second factors; a proposal that is over is made again, on the site")
	case errors.Is(err, org.ErrMayNot):
		return errors.New("there is somebody else who may confirm it, on the site")
	default:
		return err
	}
}

// confirmName confirms the one name at ProConnect of an administrator that somebody has vouched for.
func confirmName(ctx context.Context, d *org.Directory, email string) error {
	names, err := d.AskedIdentities(ctx, journal.Program())
	if err != nil {
		return err
	}
	for _, n := range names {
		if n.Vouched && n.Email == strings.ToLower(email) {
			_, err := d.ConfirmIdentity(ctx, journal.Program(), n.Person, n.Digest)
			return err
		}
	}
	return db.ErrNotFound
}

// confirmReset approves the reset of somebody's factors, and asks for it too when they are the only administrator. The program does it an hour later, and
// tells them.
func (c confirm) confirmReset(ctx context.Context, directory *org.Directory) error {
	p, err := directory.FindByEmail(ctx, c.Email)
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, db.Options{URL: c.URL, MaxConns: 2})
	if err != nil {
		return err
	}
	defer d.Close()
	// No passkey and no code is looked at here: the domain and the keys do not matter.
	factors, err := credential.New(d, journal.New(d, nil), nil, nil, credential.Config{RPID: "localhost", Origins: []string{"http://localhost"}, Name: "Mandat"}, credential.Hooks{Tell: notify.Tell})
	if err != nil {
		return err
	}
	waiting, err := factors.ResetOf(ctx, p.ID)
	if errors.Is(err, db.ErrNotFound) && p.Administrator {
		waiting.ID, err = factors.AskReset(ctx, journal.Program(), p.ID)
	}
	if err != nil {
		return err
	}
	return factors.ApproveReset(ctx, journal.Program(), waiting.ID)
}
