package dossier

import (
	"context"
	"encoding/hex"
	"slices"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/mandate"
	"mandat/internal/report"
	"mandat/internal/terms"
)

// name asks what people call the services that appear in the file.
func (g *reading) name(ctx context.Context) error {
	if err := g.r.Reports.NameServices(ctx, g.uses); err != nil {
		return err
	}
	f := g.out.file
	var ids []*string
	for i := range f.Sessions {
		ids = append(ids, &f.Sessions[i].Client)
	}
	for i := range f.Answers {
		ids = append(ids, &f.Answers[i].Client)
	}
	for i := range f.Logins {
		ids = append(ids, &f.Logins[i].Client)
	}
	for _, of := range g.receipts {
		for i := range of {
			ids = append(ids, &of[i].Audience)
		}
	}
	for _, id := range ids {
		if _, asked := g.clients[*id]; !asked {
			g.clients[*id] = *id
			if g.r.Name != nil {
				name, err := g.r.Name(ctx, *id)
				if err != nil {
					return err
				}
				g.clients[*id] = name
			}
		}
		*id = g.clients[*id]
	}
	return nil
}

// person is the name of somebody, "" of nobody.
func (g *reading) person(id uuid.UUID) string { return g.people[id] }

// called is the name of somebody whose id was written down in place of it.
func (g *reading) called(id string) string {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return ""
	}
	return g.people[parsed]
}

// compose puts what was read into the file.
func (g *reading) compose() {
	f := g.out.file
	f.Organisation = g.organisation
	f.Citizen = Person{ID: g.id.String(), Identity: g.who.Identity, IdentifiedBy: g.who.IdentifiedBy, IdentifiedAt: g.who.IdentifiedAt.UTC(), KnownSince: g.who.CreatedAt.UTC(),
		Mails: g.who.Mails, MailsSince: g.who.MailsSince, MailLinks: g.who.Links}
	for _, p := range g.phones {
		f.Telephones = append(f.Telephones, Telephone{State: p.State, Number: p.Number.Number, AskedAt: p.AskedAt, AskedBy: g.person(p.AskedBy), Barred: p.Barred, Reason: p.Reason, AllowedAt: p.AllowedAt,
			AllowedBy: g.person(p.Colleague), CodeSentAt: p.SentAt, VerifiedAt: p.VerifiedAt, VerifiedBy: g.person(p.VerifiedBy), RemovedAt: p.RemovedAt, RemovedBy: g.person(p.RemovedBy)})
	}
	for i, m := range g.mandates {
		f.Mandates = append(f.Mandates, g.mandate(i+1, m))
	}
	for _, d := range g.drafts {
		f.Drafts = append(f.Drafts, g.draft(d))
	}
	for _, c := range g.requests {
		out := Request{State: c.State, AskedAt: c.AskedAt, AskedBy: g.person(c.AskedBy), ExpiresAt: c.ExpiresAt, AnsweredAt: c.AnsweredAt, Answer: c.Answer, EndedAt: c.EndedAt, Unclear: c.Unclear,
			Ignored: c.Ignored}
		for _, m := range c.Messages {
			out.Messages = append(out.Messages, Message(m))
		}
		f.Requests = append(f.Requests, out)
	}
	for i := range f.Logins {
		f.Logins[i].By = g.called(f.Logins[i].By)
	}
	for i := range f.Entries {
		f.Entries[i].Name = g.called(f.Entries[i].Name)
	}
}

func (g *reading) mandate(n int, m mandate.Whole) Mandate {
	out := Mandate{Number: n, ID: m.ID.String(), State: m.State, SignedAt: m.SignedAt, StartsAt: m.StartsAt, EndsAt: m.EndsAt, LastsUntil: db.OrZero(m.LastsUntil), EndedAt: db.OrZero(m.EndedAt),
		EndedBy: g.person(m.EndedBy), EndReason: m.EndReason, DrawnUpBy: g.person(m.Person), Witness: g.person(m.Witness), IdentifiedBy: m.IdentifiedBy, IdentifiedAt: m.IdentifiedAt,
		ConsentBy: m.ConsentBy, SignedWith: m.SignedWith, Terms: m.Terms, TermsSHA256: hex.EncodeToString(m.TermsDigest), Receipts: g.receipts[m.ID], Reminded: g.reminded[m.ID]}
	if m.Renews != uuid.Nil {
		out.Renews = m.Renews.String()
	}
	if m.Transfers != uuid.Nil {
		out.Transfers = m.Transfers.String()
	}
	for _, p := range m.Powers {
		out.Powers = append(out.Powers, Power{Procedure: p.Procedure, Name: g.agreed(m.Terms, p.Procedure), Case: m.Cases[p.Case], Level: string(p.Level), State: p.State, StartsAt: p.StartsAt,
			EndsAt: p.EndsAt, EndedAt: db.OrZero(p.EndedAt), EndReason: p.EndReason})
	}
	for _, u := range slices.Backward(g.uses) {
		if u.Mandate == m.ID {
			out.Uses = append(out.Uses, g.use(m, u))
		}
	}
	for _, a := range g.out.file.Attachments {
		if a.Mandate == n && a.Name != "" {
			out.Documents = append(out.Documents, a.Name)
		}
	}
	return out
}

func (g *reading) use(m mandate.Whole, u report.Use) Use {
	out := Use{Procedure: u.Procedure, Name: g.agreed(m.Terms, u.Procedure), Case: m.Cases[u.Case], Way: u.Way, Service: u.Service, UsedAt: u.UsedAt, UsedBy: u.Name}
	for _, a := range u.Accounts {
		out.Accounts = append(out.Accounts, Account{Outcome: a.Outcome, Site: a.Site, Receipt: a.Receipt, Note: a.Note, Supplied: a.Supplied, GivenAt: a.At, GivenBy: a.Name})
	}
	return out
}

func (g *reading) draft(d draft.Draft) Draft {
	out := Draft{State: d.State, CreatedAt: d.CreatedAt, ExpiresAt: d.ExpiresAt, By: g.person(d.Person), Days: d.Terms.Days, From: d.Terms.From, Until: d.Terms.Until, Payments: d.Terms.Payments,
		BankDetails: d.Terms.BankDetails, Tell: d.Terms.Tell, InformedAt: d.InformedAt, IdentifiedBy: d.IdentifiedBy, IdentifiedAt: d.IdentifiedAt, Identity: d.Identity,
		Witness: g.person(d.Witness), WitnessedAt: d.WitnessedAt, Links: g.links[d.ID]}
	for _, p := range d.Terms.Powers {
		out.Procedures = append(out.Procedures, Power{Procedure: p.Procedure, Name: g.procedure(p.Procedure), Case: p.Case, Level: string(p.Level)})
	}
	if d.Transfers != nil {
		out.Transfers = d.Transfers.Organisation
	}
	return out
}

// agreed is a procedure's name as it was called when the mandate was signed.
func (g *reading) agreed(t terms.Frozen, key string) string {
	for _, p := range t.Procedures {
		if p.Key == key {
			return p.Name.In(g.lang)
		}
	}
	return g.procedure(key)
}

// procedure is a procedure's name as it is called now.
func (g *reading) procedure(key string) string {
	if p, ok := g.r.Catalogue.Find(key); ok {
		return p.Name.In(g.lang)
	}
	return key
}
