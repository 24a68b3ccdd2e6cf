package org

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// entry is what the replay reads of an entry.
type entry struct {
	Action       string    `json:"action"`
	At           time.Time `json:"at"`
	Organisation uuid.UUID `json:"organisation"`
	By           struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Detail struct {
		SIRET         string    `json:"siret"`
		Particulars   string    `json:"particulars_sha256"`
		Procedures    []string  `json:"procedures"`
		Person        uuid.UUID `json:"person"`
		Subject       string    `json:"subject_sha256"`
		Why           string    `json:"why"`
		Roles         []string  `json:"roles"`
		Auditor       bool      `json:"auditor"`
		Administrator bool      `json:"administrator"`
		Recipient     string    `json:"recipient"`
		Department    string    `json:"department"`
		Invitation    uuid.UUID `json:"invitation"`
		GivenBy       uuid.UUID `json:"given_by"`
		Version       int       `json:"version"`
		From          string    `json:"from"`
		Hours         string    `json:"hours"`
		Inquiry       string    `json:"inquiry"` // under which auditors suspended somebody, or lifted that
	} `json:"detail"`
}

// giver is who gave what an entry tells: who made the invitation, or who acted.
func (e entry) giver() uuid.UUID {
	if e.Detail.Invitation != uuid.Nil {
		return e.Detail.GivenBy
	}
	return e.By.Person
}

// replay does again what the entries say was done.
func replay(ctx context.Context, tx pgx.Tx) (picture, error) {
	out, confirmed := picture{}, map[uuid.UUID]uuid.UUID{}
	err := journal.Replay(ctx, tx, `e.action = any ($1)`, []any{append(journal.ActionsOf("organisation", "person"), "invitation.confirmed")}, func(e entry) {
		switch {
		case e.Action == "invitation.confirmed":
			confirmed[e.Detail.Invitation] = e.By.Person
		case e.Detail.Person == uuid.Nil:
			e.onOrganisation(out)
		default:
			e.onPerson(out)
			e.onRoles(out)
			e.onGivers(out, confirmed[e.Detail.Invitation])
		}
	})
	return out, err
}

// onOrganisation follows an entry about an organisation.
func (e entry) onOrganisation(p picture) {
	digest, _ := hex.DecodeString(e.Detail.Particulars) // not hexadecimal: then it differs from the table's
	o := p[organisationSubject(e.Organisation)]
	if o == nil && e.Action != "organisation.created" {
		return
	}
	switch e.Action {
	case "organisation.created":
		p[organisationSubject(e.Organisation)] = &life{what: organisationText(e.Detail.SIRET, digest), state: stateOpen, since: e.At}
	case "organisation.changed":
		o.what = organisationText(e.Detail.SIRET, digest)
	case "organisation.hours_changed":
		p[hoursSubject(e.Organisation, e.Detail.Version)] = &life{what: hoursText(e.Detail.From, e.Detail.Hours, e.By.Person), since: e.At}
	case "organisation.limited":
		o.procedures = e.Detail.Procedures
	case "organisation.suspended":
		o.state = stateSuspended
	case "organisation.resumed":
		o.state = stateOpen
	case "organisation.closed":
		o.state, o.ended = stateClosed, &e.At
		for s, l := range p {
			if s.id == e.Organisation && strings.HasPrefix(s.part, "person ") && l.ended == nil {
				l.ended = &e.At
			}
		}
	}
}

// onPerson follows an entry about a person, everywhere.
func (e entry) onPerson(p picture) {
	person, name := personSubject(e.Detail.Person), identitySubject(e.Detail.Person, e.Detail.Subject)
	if e.Action == "person.added" {
		p[person] = &life{what: office{e.Detail.Auditor, e.Detail.Administrator, e.Detail.Recipient, e.Detail.Department}.text(e.giver(), e.At), since: e.At}
	}
	if e.Detail.Subject != "" {
		e.onName(p, name)
	}
	l := p[person]
	if l == nil {
		return
	}
	switch e.Action {
	case "person.appointed":
		l.what = office{administrator: true}.text(e.giver(), e.At)
	case "person.office_ended":
		l.what = office{}.text(uuid.Nil, e.At)
	case "person.suspended":
		if !e.suspend(l) {
			break
		}
		if l.state = e.Detail.Why; l.state == "" {
			l.state = Decided // entries told no reason at first
		}
	case "person.resumed":
		if e.resume(l) {
			l.state = ""
		}
	}
}

// onName follows an entry about a name of a person at ProConnect.
func (e entry) onName(p picture, name subject) {
	switch e.Action {
	case "person.identity_asked":
		asked := &life{state: identityAsked, since: e.At}
		if l := p[name]; l != nil && l.ended != nil {
			asked.what = refusedText(*l.ended)
		}
		p[name] = asked
		return
	case "person.identity_vouched":
		if l := p[name]; l != nil {
			l.state = identityVouched
			l.what += vouchedText(e.By.Person, e.Organisation, e.At)
		}
		return
	case "person.identity_confirmed", "person.identity_refused":
		if l := p[name]; l != nil {
			l.ended, l.state = &e.At, map[bool]string{true: identityConfirmed, false: identityRefused}[e.Action == "person.identity_confirmed"]
			l.what += decidedText(e.By.Person)
		}
		return
	}
	p[name] = &life{state: identityConfirmed, since: e.At, ended: &e.At}
}

// onRoles follows an entry about roles of a person in an organisation.
func (e entry) onRoles(p picture) {
	each := func(roles []string, do func(*life)) {
		for _, role := range roles {
			if l := p[membershipSubject(e.Organisation, e.Detail.Person, role)]; l != nil && l.ended == nil {
				do(l)
			}
		}
	}
	every := []string{RoleAidant, RoleReferent}
	switch e.Action {
	case "person.added", "person.joined":
		for _, role := range e.Detail.Roles {
			p[membershipSubject(e.Organisation, e.Detail.Person, role)] = &life{since: e.At, what: givenText(e.giver())}
		}
	case "person.left":
		each(e.Detail.Roles, func(l *life) { l.ended = &e.At })
	case "person.suspended_there":
		each(every, func(l *life) { e.suspend(l) })
	case "person.resumed_there":
		each(every, func(l *life) { e.resume(l) })
	case "person.limited":
		each([]string{RoleAidant}, func(l *life) { l.procedures = e.Detail.Procedures })
	}
}

// suspend follows a suspension, and reports whether it changed anything: auditors' leaves an earlier one as it was.
func (e entry) suspend(l *life) bool {
	if e.Detail.Inquiry != "" && l.suspended != nil {
		return false
	}
	l.suspended, l.under = &e.At, e.Detail.Inquiry != ""
	return true
}

// resume follows a reinstatement, and reports whether it changed anything: auditors lift only what they did.
func (e entry) resume(l *life) bool {
	if e.Detail.Inquiry != "" && !l.under {
		return false
	}
	l.suspended, l.under = nil, false
	return true
}

// onGivers follows an entry by which somebody got a role or an office: who gave it, and who confirmed the invitation, are kept from the first time on.
func (e entry) onGivers(p picture, confirmed uuid.UUID) {
	if len(e.Detail.Roles) == 0 && !e.Detail.Administrator && e.Action != "person.appointed" || e.Action == "person.left" {
		return
	}
	for _, giver := range []uuid.UUID{e.giver(), confirmed} {
		if s := giverSubject(e.Detail.Person, e.Organisation, giver); giver != uuid.Nil && p[s] == nil {
			p[s] = &life{since: e.At}
		}
	}
}
