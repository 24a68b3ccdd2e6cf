package aidant

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/mandate"
)

// historyLength is how many acts the page of a mandate shows.
const historyLength = 100

// act is one entry about a mandate, in words.
type act struct {
	At   time.Time
	Text string
	Name string // of the professional who acted, "" for the program
}

// history tells what the journal keeps of a mandate, newest first.
func (s *Site) history(ctx context.Context, by journal.Actor, m mandate.Mandate, lang string) ([]act, error) {
	entries, err := s.Journal.OfMandate(ctx, by, m.ID, historyLength)
	if err != nil {
		return nil, err
	}
	cases, err := s.Mandates.References(m)
	if err != nil {
		return nil, err
	}
	names := map[uuid.UUID]string{}
	var out []act
	for _, e := range entries {
		person := e.Person
		if !colleague(e) { // who of the auditors acted is not for the organisation to know
			person = uuid.Nil
		}
		if _, known := names[person]; !known && person != uuid.Nil {
			if names[person], err = s.nameOf(ctx, person); err != nil {
				return nil, err
			}
		}
		text, err := s.inWords(ctx, e, m, cases, lang)
		if err != nil {
			return nil, err
		}
		out = append(out, act{At: e.At, Text: text, Name: names[person]})
	}
	return out, nil
}

// colleague reports whether an entry is by somebody who works in an organisation.
func colleague(e journal.Entry) bool {
	var body struct {
		By struct {
			Kind journal.Kind `json:"kind"`
		} `json:"by"`
	}
	return json.Unmarshal(e.Body, &body) == nil && (body.By.Kind == journal.Aidant || body.By.Kind == journal.Referent)
}

// told is what an entry's detail may hold that is told of it (docs/journal.md).
type told struct {
	Procedure  string `json:"procedure"`
	Case       string `json:"case"`
	Reason     string `json:"reason"`
	Outcome    string `json:"outcome"`
	Kind       string `json:"kind"`
	Service    string `json:"service"`
	Enforced   string `json:"procedure_is"`
	SignedWith string `json:"signed_with"`
}

// inWords writes one entry for people, with the references of the cases that it names.
func (s *Site) inWords(ctx context.Context, e journal.Entry, m mandate.Mandate, cases map[string]string, lang string) (string, error) {
	var body struct {
		Detail told `json:"detail"`
	}
	if json.Unmarshal(e.Body, &body) != nil { // of no act of ours: verification names it, and it hides no other
		return s.otherAct(lang)
	}
	d := body.Detail
	name, err := s.procedureInWords(m, d, cases, lang)
	if err != nil {
		return "", err
	}
	switch e.Action {
	case "mandate.signed", "mandate.suspended", "mandate.resumed":
		if d.SignedWith == mandate.WithCode {
			return s.Pages.Text(lang, "ends.act.confirmed")
		}
		return s.Pages.Text(lang, "aidant.act."+e.Action)
	case "attestation.issued":
		if text, err := s.Pages.Text(lang, "aidant.act.attestation.issued."+cmp.Or(d.Kind, "attestation")); err == nil {
			return text, nil
		}
		return s.otherAct(lang)
	case "receipt.issued":
		return s.Pages.Text(lang, "recu.act")
	case "mandate.started":
		return s.Pages.Text(lang, "ends.act.mandate.started")
	case "mandate.ended", "power.ended":
		return s.endInWords(e.Action, name, d.Reason, lang)
	case "power.used":
		return s.useInWords(ctx, name, d.Service, d.Enforced == "enforced", lang)
	case "power.procedure_chosen", "power.refused", "power.abandoned", "decision.given", "decision.refused":
		if name == "" {
			name, _ = s.Pages.Text(lang, "aidant.act.unknown_procedure")
		}
		return s.Pages.Text(lang, "aidant.act."+e.Action, "Procedure", name)
	}
	return s.usesInWords(e.Action, name, d.Outcome, lang)
}

// otherAct tells of what nothing more is told of.
func (s *Site) otherAct(lang string) (string, error) { return s.Pages.Text(lang, "aidant.act.other") }

// procedureInWords is the procedure that an entry is about, with the reference of its case; "" of none.
func (s *Site) procedureInWords(m mandate.Mandate, d told, cases map[string]string, lang string) (string, error) {
	name, _ := named(m, d.Procedure, lang)
	file := cases[d.Case]
	if file == "" {
		return name, nil
	}
	of, err := s.Pages.Text(lang, "ends.case", "Case", file)
	return name + ", " + of, err
}

// endInWords tells why a mandate, or a power of it, ended.
func (s *Site) endInWords(action, procedure, reason, lang string) (string, error) {
	why, err := s.Pages.Text(lang, "aidant.reason."+reason)
	switch {
	case err != nil: // a reason of a newer version
		return s.otherAct(lang)
	case action == "mandate.ended":
		return s.Pages.Text(lang, "aidant.act.mandate.ended", "Reason", why)
	}
	return s.Pages.Text(lang, "ends.act.power.ended", "Procedure", procedure, "Reason", why)
}

// useInWords tells of a use: where, and that the service held the aidant to the procedure, if we know it; else that it was declared.
func (s *Site) useInWords(ctx context.Context, procedure, service string, enforced bool, lang string) (string, error) {
	if !enforced {
		return s.Pages.Text(lang, "aidant.act.power.used", "Procedure", procedure)
	}
	at, err := s.Clients.Name(ctx, service)
	if err != nil {
		return "", err
	}
	return s.Pages.Text(lang, "aidant.act.power.used_at", "Procedure", procedure, "Service", at)
}

// nameOf returns a professional's name, "" when nobody is known by that id any more.
func (s *Site) nameOf(ctx context.Context, person uuid.UUID) (string, error) {
	p, err := s.Directory.Find(ctx, person)
	if errors.Is(err, db.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return p.GivenName + " " + p.UsualName, nil
}
