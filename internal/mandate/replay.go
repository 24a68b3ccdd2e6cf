package mandate

import (
	"context"
	"encoding/hex"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
	"mandat/internal/procedure"
)

// replay does again what the entries say was done.
func replay(ctx context.Context, tx pgx.Tx, citizens []uuid.UUID) (map[uuid.UUID]*state, error) {
	known := map[uuid.UUID]*replayed{}
	err := journal.Replay(ctx, tx, `e.citizen_id = any ($1) and e.action in ('mandate.signed', 'mandate.started', 'mandate.ended', 'mandate.suspended', 'mandate.resumed', 'power.ended')`, []any{citizens}, func(e entry) { e.apply(known) })
	if err != nil {
		return nil, err
	}
	out := map[uuid.UUID]*state{}
	for id, r := range known {
		s := &state{facts: facts(r.mandate), ended: progress(r.waits()) + lasting(r.mandate) + ending(r.mandate.EndReason, r.mandate.EndedAt) + person(r.endedBy), powers: map[string]string{}, proof: r.proof}
		for _, p := range r.powers {
			s.powers[p.Procedure+" "+p.Case] = powerText(*p)
		}
		out[id] = s
	}
	return out, nil
}

// entry is what the replay reads of an entry.
type entry struct {
	Action       string    `json:"action"`
	At           time.Time `json:"at"`
	Organisation uuid.UUID `json:"organisation"`
	Citizen      uuid.UUID `json:"citizen"`
	Mandate      uuid.UUID `json:"mandate"`
	By           struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Detail signedEntry `json:"detail"`
}

// signedEntry is what the details of all those entries may say. Entries of before levels and cases list procedures instead of powers.
type signedEntry struct {
	Draft      uuid.UUID    `json:"draft"`
	Version    int          `json:"version"`
	Procedures []string     `json:"procedures"`
	Powers     []givenEntry `json:"powers"`
	Days       int          `json:"days"`
	Scheduled  bool         `json:"scheduled"`
	StartsAt   time.Time    `json:"starts_at"`
	EndsAt     time.Time    `json:"ends_at"`
	Method     string       `json:"identified_by"`
	Identified time.Time    `json:"identified_at"`
	ConsentBy  string       `json:"consent_by"`
	Witness    uuid.UUID    `json:"witness"`
	Witnessed  time.Time    `json:"witnessed_at"`
	Attested   string       `json:"witnessed_sha256"`
	SignedWith string       `json:"signed_with"`
	Renews     uuid.UUID    `json:"renews"`
	Transfers  uuid.UUID    `json:"transfers"`
	Catalogue  string       `json:"catalogue"`
	Terms      string       `json:"terms_sha256"`
	Reason     string       `json:"reason"`
	With       uuid.UUID    `json:"with"`
	Procedure  string       `json:"procedure"`
	Case       string       `json:"case"`
	Superseded []superseded `json:"superseded"`
}

type givenEntry struct {
	Procedure string          `json:"procedure"`
	Case      string          `json:"case"`
	Level     procedure.Level `json:"level"`
	EndsAt    time.Time       `json:"ends_at"`
}

type replayed struct {
	mandate Mandate
	proof   proof
	endedBy *uuid.UUID
	powers  []*Power
}

// waits reports whether the mandate is still to begin.
func (r *replayed) waits() bool { return r.mandate.State == Scheduled && r.mandate.EndedAt == nil }

func (e entry) apply(known map[uuid.UUID]*replayed) {
	r := known[e.Mandate]
	if e.Action != "mandate.signed" && r == nil {
		return
	}
	for _, s := range e.Detail.Superseded {
		if o := known[uuid.MustParse(zeroIfBad(s.Mandate))]; o != nil {
			o.endPower(s.Procedure, s.Case, s.Reason, e.At)
		}
	}
	switch e.Action {
	case "mandate.signed":
		known[e.Mandate] = e.signed()
	case "mandate.started":
		r.mandate.State = Standing
		for _, p := range r.powers {
			if p.State == Scheduled && e.At.Before(p.EndsAt) {
				p.State = Standing
			} else if p.State == Scheduled {
				r.endPower(p.Procedure, p.Case, "expired", e.At)
			}
		}
	case "mandate.suspended":
		r.suspend(&e.At)
	case "mandate.resumed":
		r.suspend(nil)
	case "power.ended":
		r.endPower(e.Detail.Procedure, e.Detail.Case, e.Detail.Reason, e.At)
	case "mandate.ended":
		for _, p := range r.powers {
			reason := e.Detail.Reason
			if !e.At.Before(p.EndsAt) {
				reason = "expired"
			}
			r.endPower(p.Procedure, p.Case, reason, e.At)
		}
		at := e.At
		r.mandate.EndReason, r.mandate.EndedAt, r.endedBy = e.Detail.Reason, &at, e.endedBy(known)
	}
}

// endedBy is who ended a mandate: nobody when the program did, because it was transferred or with another one of the same citizen, which a person ended for this
// reason. The program ends none otherwise.
func (e entry) endedBy(known map[uuid.UUID]*replayed) *uuid.UUID {
	if e.By.Person != uuid.Nil {
		return &e.By.Person
	}
	with := known[e.Detail.With]
	if e.Detail.Reason == reasonTransferred || with != nil && slices.Contains(WholeReasons, e.Detail.Reason) && with.mandate.EndReason == e.Detail.Reason && with.endedBy != nil &&
		with.mandate.Citizen == e.Citizen && with.mandate.Organisation == e.Organisation {
		return nil
	}
	return &e.By.Person
}

// signed is the mandate that an entry tells of.
func (e entry) signed() *replayed {
	d := e.Detail
	digest, _ := hex.DecodeString(d.Terms) // not hexadecimal: then it differs from the table's
	m := Mandate{ID: e.Mandate, Organisation: e.Organisation, Citizen: e.Citizen, Person: e.By.Person, Draft: d.Draft, Days: d.Days, IdentifiedBy: d.Method, IdentifiedAt: d.Identified, ConsentBy: d.ConsentBy,
		Witness: d.Witness, SignedWith: d.SignedWith, Renews: d.Renews, Transfers: d.Transfers, Catalogue: d.Catalogue, State: Standing, SignedAt: e.At, StartsAt: d.StartsAt, EndsAt: d.EndsAt, TermsDigest: digest}
	if d.Scheduled {
		m.State = Scheduled
	}
	if d.ConsentBy == "" { // of before there was more than one way
		m.ConsentBy, m.StartsAt = ConsentFranceConnect, e.At
		for _, p := range d.Procedures {
			d.Powers = append(d.Powers, givenEntry{p, "", procedure.Act, d.EndsAt})
		}
	}
	r := &replayed{mandate: m, proof: proof{draft: d.Draft, organisation: e.Organisation, aidant: e.By.Person, witness: d.Witness, version: d.Version, method: d.Method, attested: d.Attested,
		identified: d.Identified, witnessed: d.Witnessed, signed: e.At}}
	for _, p := range d.Powers {
		r.powers = append(r.powers, &Power{Organisation: e.Organisation, Citizen: e.Citizen, Procedure: p.Procedure, Case: p.Case, Level: p.Level, State: m.State, StartsAt: m.StartsAt, EndsAt: p.EndsAt})
	}
	return r
}

// endPower ends one power, and the mandate when nothing is left of it that lasts. What had expired ended when its time was over.
func (r *replayed) endPower(procedure, caseRef, reason string, at time.Time) {
	for _, p := range r.powers {
		if p.Procedure == procedure && p.Case == caseRef && p.State != Ended {
			when := at
			if reason == "expired" {
				when = p.EndsAt
			}
			p.State, p.EndReason, p.EndedAt = Ended, reason, &when
		}
	}
	r.conclude(at)
}

func zeroIfBad(id string) string {
	if uuid.Validate(id) != nil {
		return uuid.Nil.String()
	}
	return id
}
