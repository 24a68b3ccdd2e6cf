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

// inWords writes one entry for people, with the references of the cases that it names. What the entry's detail holds is listed in docs/journal.md.
func (s *Site) inWords(ctx context.Context, e journal.Entry, m mandate.Mandate, cases map[string]string, lang string) (string, error) {
	var body struct {
		Detail struct {
			Procedure string `json:"procedure"`
			Case      string `json:"case"`
			Reason    string `json:"reason"`
			Outcome   string `json:"outcome"`
			Kind      string `json:"kind"`
			Service   string `json:"service"`
			Enforced  string `json:"procedure_is"`

			SignedWith string `json:"signed_with"`
		} `json:"detail"`
	}
	other := func() (string, error) { return s.Pages.Text(lang, "aidant.act.other") }
	if json.Unmarshal(e.Body, &body) != nil { // of no act of ours: verification names it, and it hides no other
		return other()
	}
	name, _ := named(m, body.Detail.Procedure, lang)
	if file := cases[body.Detail.Case]; file != "" {
		of, err := s.Pages.Text(lang, "ends.case", "Case", file)
		if err != nil {
			return "", err
		}
		name += ", " + of
	}
	switch e.Action {
	case "mandate.signed":
		if body.Detail.SignedWith == mandate.WithCode {
			return s.Pages.Text(lang, "ends.act.confirmed")
		}
		return s.Pages.Text(lang, "aidant.act."+e.Action)
	case "attestation.issued":
		if text, err := s.Pages.Text(lang, "aidant.act.attestation.issued."+cmp.Or(body.Detail.Kind, "attestation")); err == nil {
			return text, nil
		}
		return other()
	case "receipt.issued":
		return s.Pages.Text(lang, "recu.act")
	case "mandate.ended":
		reason, err := s.Pages.Text(lang, "aidant.reason."+body.Detail.Reason)
		if err != nil {
			return other()
		}
		return s.Pages.Text(lang, "aidant.act.mandate.ended", "Reason", reason)
	case "power.ended":
		reason, err := s.Pages.Text(lang, "aidant.reason."+body.Detail.Reason)
		if err != nil {
			return other()
		}
		return s.Pages.Text(lang, "ends.act.power.ended", "Procedure", name, "Reason", reason)
	case "mandate.suspended", "mandate.resumed":
		return s.Pages.Text(lang, "aidant.act."+e.Action)
	case "mandate.started":
		return s.Pages.Text(lang, "ends.act.mandate.started")
	case "power.used":
		return s.useInWords(ctx, name, body.Detail.Service, body.Detail.Enforced == "enforced", lang)
	case "power.procedure_chosen", "power.refused", "power.abandoned", "decision.given", "decision.refused":
		if name == "" {
			name, _ = s.Pages.Text(lang, "aidant.act.unknown_procedure")
		}
		return s.Pages.Text(lang, "aidant.act."+e.Action, "Procedure", name)
	}
	return s.usesInWords(e.Action, name, body.Detail.Outcome, lang)
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
