package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

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
	Email string `arg:"" help:"The address of who is proposed, or of the administrator whose new ProConnect account the other one has confirmed."`
}

// Run confirms in the place of a second administrator who is not there: that somebody becomes one, while there is only one, and the site sends the
// link; or that an administrator has another name at ProConnect, which the only other one has vouched for.
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
		err = confirmName(ctx, directory, c.Email)
	}
	switch {
	case errors.Is(err, db.ErrConflict), errors.Is(err, db.ErrNotFound):
		return errors.New("no administrator with this address waits to be confirmed, and no ProConnect account of theirs for a second person; a proposal that is over is made again, on the site")
	case errors.Is(err, org.ErrMayNot):
		return errors.New("there are several administrators: another one confirms it, on the site")
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
