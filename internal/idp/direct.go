package idp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/backchannel"
	"mandat/internal/citizen"
	"mandat/internal/client"
	"mandat/internal/db"
	"mandat/internal/idp/details"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/oidc"
	"mandat/internal/procedure"
	"mandat/internal/receipt"
	"mandat/internal/token"
)

// How long things live that a service gets that talks to us directly. Its access token is worth something only while the power
// stands, the aidant may act and their session lasts, so that it may live longer than FranceConnect's.
const (
	DirectLife   = 15 * time.Minute // of the access token
	directIDLife = 5 * time.Minute  // of the ID token
)

// A service that talks to us directly is told who the citizen is by the ID token already: the token endpoint is where the identity is
// released, in one act. The locks come first, as at userinfo.
const (
	lockRedeemed = people + ` where l.id = $1 and sha256(l.code_hash || $2::bytea) = $3::bytea for share of a, m, k, c`
	nameActor    = `insert into idp_actor (person_id, sector, sub, created_at) select l.person_id, l.sector, $4, $5 from idp_login l
		where l.id = $1 and sha256(l.code_hash || $2::bytea) = $3::bytea and l.direct on conflict do nothing`
	releaseDirect = `
update idp_login l set state = 'released', released_at = $2::timestamptz, token_hash = $6, token_expires_at = $7, dpop_jkt = coalesce(l.dpop_jkt, nullif($11, ''))
where l.id = $1 and sha256(l.code_hash || $4::bytea) = $5::bytea and l.state = 'code_issued' and l.direct and l.code_expires_at > $2::timestamptz and l.code_expires_at >= $14::timestamptz
  and l.client = $8 and l.redirect_uri = $9 and l.challenge is not distinct from nullif($10, '') and (l.dpop_jkt is null or l.dpop_jkt = $11) and l.procedure = any($12)
  and (l.identified_by = 'franceconnect' or assurance_reaches(l.identified_by, $13))
  and ` + powerChosen + ` and ` + aidantMay + ` and ` + sessionLive
	// findUse is the use that an access token is for, if it stands: an end of any kind writes nothing here, and it is not found.
	findUse = `
select l.client, l.sector, l.scope, l.claims, l.procedure, coalesce(l.case_ref, ''), coalesce(l.nonce, ''), l.released_at, l.token_expires_at, coalesce(l.dpop_jkt, ''),
  (select greatest(l.factor_at, s.factor_at) from session s where s.id = l.session_id), l.organisation_id, l.person_id, l.session_id, l.citizen_id, l.mandate_id, ` + subjectOf + `,
  (select a.sub from idp_actor a where a.person_id = l.person_id and a.sector = l.sector), p.level, p.identified_by, p.ends_at,
  (select catalogue from mandate where id = l.mandate_id), o.siret, o.name, c.id, c.data_key, c.identity, c.identified_at
from idp_login l join mandate_power p on p.mandate_id = l.mandate_id and p.procedure = l.procedure and p.case_ref = coalesce(l.case_ref, '') and p.citizen_id = l.citizen_id
  join organisation o on o.id = l.organisation_id join citizen c on c.id = l.citizen_id and c.organisation_id = l.organisation_id
where l.id = $1 and sha256(l.token_hash || $4::bytea) = $5::bytea and l.state = 'released' and l.direct and l.token_expires_at > $2::timestamptz
  and ` + powerStands + ` and ` + aidantMay + ` and ` + sessionLive
)

// use is what a service that talks to us directly was told, and is told as long as it stands.
type use struct {
	spent
	sector, scope          string
	claims                 []string
	nonce                  string
	releasedAt, tokenEnd   time.Time
	jkt                    string // thumbprint of the key that the token is bound to, "" for none
	factorAt               time.Time
	subject, actor         string
	level, identifiedBy    string
	powerEnd               time.Time
	catalogue, siret, name string
	sealed                 citizen.Sealed
}

// ask queues the question for the use that a token is for; the login stays nil when there is none.
func (u *use) ask(b *pgx.Batch, login uuid.UUID, accessToken string, now, idle time.Time) {
	salt, digest := proof(accessToken)
	b.Queue(findUse, login, now, idle, salt, digest).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if !rows.Next() {
			return rows.Err()
		}
		u.login, u.direct = login, true
		return rows.Scan(append([]any{&u.client, &u.sector, &u.scope, &u.claims, &u.procedure, &u.caseRef, &u.nonce, &u.releasedAt, &u.tokenEnd, &u.jkt, &u.factorAt,
			&u.organisation, &u.person, &u.session, &u.citizen, &u.mandate, &u.subject, &u.actor, &u.level, &u.identifiedBy, &u.powerEnd,
			&u.catalogue, &u.siret, &u.name}, u.sealed.Fields()...)...)
	})
}

// serves reports whether a service is still registered for a procedure.
func serves(c *client.Client, procedure string) bool { return slices.Contains(c.Procedures, procedure) }

// sure reports whether a service is still registered to be told of somebody who was identified in this way.
func sure(c *client.Client, identifiedBy string) bool {
	return procedure.Assurance(identifiedBy).Reaches(c.Level())
}

// releaseByCode trades a code of a service for its tokens: the act that uses the power. No entry, no identity.
func (p *Provider) releaseByCode(ctx context.Context, red redemption) (tokenAnswer, error) {
	ticket, _ := newTicket(red.login)
	access := directToken + ticket
	now, idle := p.times()
	salt, digest := proof(red.code)
	var u use
	var places receipt.Places
	batch := &pgx.Batch{}
	batch.Queue(lockRedeemed, red.login, salt, digest)
	batch.Queue(nameActor, red.login, salt, digest, newSubject(), now)
	batch.Queue(releaseDirect, red.login, now, idle, salt, digest, token.Hash(access), now.Add(DirectLife), red.client.ID, red.redirectURI, red.challenge, red.jkt, red.client.Procedures, red.client.Level(), red.client.TokensSince.Add(CodeLife))
	u.ask(batch, red.login, access, now, idle)
	err := p.journal.RecordAfter(ctx, journal.Program(), batch, func(tx *journal.Tx) (journal.Event, error) {
		if u.login == uuid.Nil {
			return p.judgeCode(ctx, tx, red)
		}
		var err error
		if places, err = p.reserve(ctx, tx, u); err != nil {
			return journal.Event{}, err
		}
		found, err := p.citizens.Open(u.sealed)
		if err != nil {
			return journal.Event{}, err
		}
		if red.client.BackchannelLogoutURI != "" {
			backchannel.Open(tx.Tx, tx.Now, backchannel.Session{Login: u.login, Organisation: u.organisation, Person: u.person, Mandate: u.mandate, Procedure: u.procedure, Case: u.caseRef,
				Client: u.client, Subject: u.subject})
		}
		return p.spend(tx, &u.spent, found.Identity)
	})
	if err != nil {
		return tokenAnswer{}, err
	}
	return p.directAnswer(ctx, red.client, u, places, access, now)
}

// reserve keeps a place for the receipt, if there are receipts.
func (p *Provider) reserve(ctx context.Context, tx *journal.Tx, u use) (receipt.Places, error) {
	if p.receipts == nil {
		return receipt.Places{}, nil
	}
	return p.receipts.Reserve(ctx, tx, receipt.Of{Organisation: u.organisation, Mandate: u.mandate, Audience: u.client,
		Powers: []receipt.Which{{Procedure: u.procedure, Case: u.caseRef}}}, tx.Now)
}

// directAnswer is what leaves: both identities, and what the one may do for the other until when.
func (p *Provider) directAnswer(ctx context.Context, to *client.Client, u use, places receipt.Places, access string, now time.Time) (tokenAnswer, error) {
	u.narrow(to)
	detail, err := p.detail(ctx, u)
	if err != nil {
		return tokenAnswer{}, err
	}
	if p.receipts != nil {
		detail.Receipt, err = p.receipts.Service(places, receipt.Service{Audience: to.ID, Subject: u.subject, Actor: u.actor, Identifier: detail.Identifier, SIRET: u.siret, Organisation: u.name,
			Catalogue: u.catalogue, IdentifiedBy: u.identifiedBy, Procedure: u.procedure, Level: u.level, Case: detail.Case, Until: u.powerEnd}, now)
		if err != nil {
			return tokenAnswer{}, err
		}
	}
	all := []oidc.MandateDetail{detail}
	claims := oidc.IDToken{Issuer: p.issuer, Subject: u.subject, Audience: to.ID, IssuedAt: now.Unix(), Expiry: now.Add(directIDLife).Unix(), AuthTime: u.factorAt.Unix(), Nonce: u.nonce,
		ACR: u.acr(), AccessTokenHash: oidc.HalfHash(access), Session: u.login.String(), Actor: p.actorOf(u), Details: all}
	answer := tokenAnswer{AccessToken: access, TokenType: "Bearer", ExpiresIn: int(DirectLife.Seconds()), Scope: u.scope, Details: all}
	if u.jkt != "" {
		answer.TokenType = "DPoP"
	}
	answer.IDToken, err = p.sign(to, to.SigningAlg(), oidc.TypeJWT, claims)
	return answer, err
}

// acr is the level of the identification, none if it was not FranceConnect's: then there is none that we could assert.
func (u use) acr() string {
	if u.identifiedBy != "franceconnect" {
		return ""
	}
	return oidc.ACR
}

// actorOf says who acts.
func (p *Provider) actorOf(u use) *oidc.Actor {
	return &oidc.Actor{Issuer: p.issuer, Subject: u.actor, Role: "aidant", Organisation: oidc.Organisation{SIRET: u.siret, Name: u.name}}
}

// detail says what the aidant may do. The file that a power is for is told to the service that keeps it.
func (p *Provider) detail(ctx context.Context, u use) (oidc.MandateDetail, error) {
	out := oidc.MandateDetail{Type: details.Type(p.issuer), Actions: []string{u.procedure}, Level: u.level, ValidUntil: u.powerEnd.UTC().Format(time.RFC3339), IdentifiedBy: u.identifiedBy}
	var err error
	if out.Identifier, err = mandate.Identifier(p.names, u.organisation, u.mandate, u.sector); err != nil || u.caseRef == "" {
		return out, err
	}
	cases, err := p.mandates.Cases(ctx, u.aidant(), []mandate.Power{{Mandate: u.mandate, Organisation: u.organisation, Procedure: u.procedure, Case: u.caseRef}})
	if err != nil {
		return out, err
	}
	if out.Case = cases[u.caseRef]; out.Case == "" {
		return out, fmt.Errorf("tell of mandate %s: the case of a power is not in its terms", u.mandate)
	}
	return out, nil
}

// standing finds the use of an access token of a service's, if it stands, and the service is still registered for it. It returns
// db.ErrNotFound for any other, and tells nobody why.
func (p *Provider) standing(ctx context.Context, accessToken string) (use, *client.Client, error) {
	var u use
	ticket, isDirect := strings.CutPrefix(accessToken, directToken)
	login, ok := loginOf(ticket)
	if !isDirect || !ok {
		return u, nil, db.ErrNotFound
	}
	now, idle := p.times()
	batch := &pgx.Batch{}
	u.ask(batch, login, accessToken, now, idle)
	if err := p.db.Ask(ctx, db.System(), batch); err != nil {
		return u, nil, fmt.Errorf("find use: %w", err)
	}
	if u.login == uuid.Nil {
		return u, nil, db.ErrNotFound
	}
	of, err := p.clients.Find(ctx, u.client)
	if errors.Is(err, client.ErrUnknown) || err == nil && (!of.Direct() || !serves(of, u.procedure) || !sure(of, u.identifiedBy) || !of.Counts(u.releasedAt)) {
		return u, nil, db.ErrNotFound
	}
	if err == nil {
		u.narrow(of)
	}
	return u, of, err
}

// narrow leaves of what the aidant saw named what the service may still have: its registration may have changed since.
func (u *use) narrow(of *client.Client) {
	u.claims = slices.DeleteFunc(u.claims, func(claim string) bool { return !slices.Contains(of.AllowedClaims(), claim) })
	u.scope = strings.Join(slices.DeleteFunc(strings.Fields(u.scope), func(scope string) bool { return !slices.Contains(of.AllowedScopes(), scope) }), " ")
}
