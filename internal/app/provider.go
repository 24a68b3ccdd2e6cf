package app

import (
	"context"
	"errors"

	"mandat/internal/apitoken"
	"mandat/internal/backchannel"
	"mandat/internal/clientauth"
	"mandat/internal/dpop"
	"mandat/internal/idp"
	"mandat/internal/signingkey"
)

// provider is what our identity provider is made of besides itself.
type provider struct {
	gate     *clientauth.Gate
	proofs   *dpop.Checker
	tokens   *apitoken.Tokens
	services *backchannel.Services
}

// purge forgets proofs, assertions and API tokens whose time is over.
func (p *provider) purge(ctx context.Context) error {
	return errors.Join(p.proofs.Purge(ctx), p.gate.Purge(ctx), p.tokens.Purge(ctx))
}

// buildProvider builds the identity provider for the clients that are registered.
func (a *App) buildProvider() error {
	issuer := a.config.BaseURL + "/idp"
	var err error
	if a.provider.gate, err = clientauth.New(clientauth.Config{Issuer: issuer, Clients: a.clients}, a.db, a.clock); err != nil {
		return err
	}
	a.provider.proofs = dpop.New(a.db, a.clock)
	a.provider.tokens = apitoken.New(a.db, a.clients, a.provider.proofs, a.clock, a.config.BaseURL)
	a.provider.services = backchannel.New(issuer, a.clients, a.signing(signingkey.IDToken), a.db, a.clock)
	a.idp, err = idp.New(idp.Config{Issuer: issuer, Clients: a.clients, Keys: a.signing(signingkey.IDToken), Contact: idp.Contact{Phone: a.config.ContactPhone, Email: a.config.ContactEmail},
		Gate: a.provider.gate, Names: a.keys.Envelope, Receipts: a.receipts}, a.db, a.journal, a.sessions, a.mandates, a.citizens, a.catalogue, a.clock, a.pages)
	if err != nil {
		return err
	}
	a.idp = a.idp.Telling(a.tellCitizens())
	a.decisions = a.newDecisions()
	return nil
}
