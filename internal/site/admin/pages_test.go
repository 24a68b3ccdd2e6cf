package admin

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/card"
	"mandat/internal/certification"
	"mandat/internal/comparison"
	"mandat/internal/credential"
	"mandat/internal/invitation"
	"mandat/internal/jobs"
	"mandat/internal/journal/inspection"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/site/staff"
)

var (
	someID = uuid.MustParse("01939b1c-7c5e-7000-8000-000000000001")
	now    = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	later  = now.AddDate(0, 1, 0)
	house  = org.Organisation{ID: someID, SIRET: "21750001600019", Name: "Maison France Services de Saint-Étienne-du-Rouvray", Address: "12 rue de l’Hôtel-de-Ville", AddressExtra: "Bâtiment B",
		Postcode: "76800", City: "Saint-Étienne-du-Rouvray", Phone: "02 35 00 00 00", Email: "contact@mfs.example", Kind: "ccas", FranceServices: "1234", HabilitationNumber: "HAB-1", Active: true}
	ada = page.Who{Name: "Ada Fictif", Role: "administrator"}
)

// mistaken is a form in which these fields are wrong, for these reasons.
func mistaken(values url.Values, wrong ...string) *page.Form {
	form := page.FilledForm(values)
	for i := 0; i < len(wrong); i += 2 {
		form.Fail(wrong[i], wrong[i+1])
	}
	return form
}

type shownPage struct {
	name string
	data func() page.Page
}

func organisationPages() []shownPage {
	closed, suspended := house, house
	closed.Active, closed.ClosedAt, suspended.Active = false, &now, false
	open := []staff.Invited{{Invitation: invitation.Invitation{ID: someID, Email: "nora@exemple.example", Roles: []string{org.RoleReferent}, ExpiresAt: now}, Name: "Nora Neuve", Over: true}, {Invitation: invitation.Invitation{ID: someID, ExpiresAt: now}, Name: "Nora Neuve"}}
	people := []somebody{{someID, "Jeanne Fictif", "jeanne@exemple.example", []string{org.RoleAidant, org.RoleReferent}, org.ColleagueActive}, {someID, "Paul Fictif", "paul@exemple.example", nil, org.ColleagueLeft},
		{someID, "Nora Neuve", "n@exemple.example", nil, org.ColleagueTraining}, {someID, "Sam Fictif", "s@exemple.example", nil, org.ColleagueSuspended}}
	list := func(more bool, all ...org.Organisation) shownPage {
		return shownPage{"admin/organisations.html", func() page.Page {
			return &organisationsPage{Common: page.Common{Title: "admin.organisations.title", Form: mistaken(nil)}, Organisations: all, More: more}
		}}
	}
	record := func(o org.Organisation, people []somebody, open []staff.Invited, procedures ...staff.Theme) shownPage {
		return shownPage{"admin/organisation.html", func() page.Page {
			return &organisationPage{Common: page.Common{Title: "admin.organisation.title"}, Organisation: o, Kind: staff.Kind("fr", o), Procedures: procedures, People: people, Invitations: open, Notice: "admin.organisation.created"}
		}}
	}
	form := func(p *organisationForm, form *page.Form, result, alert string) shownPage {
		return shownPage{"admin/organisation_form.html", func() page.Page {
			p.Form, p.Kinds = form, staff.Kinds("fr")
			if result != "" {
				p.Lookup = &lookup{result, alert}
			}
			return p
		}}
	}
	wrong := mistaken(url.Values{})
	for name := range fields(&org.Organisation{}) {
		wrong.Fail(name, "admin.wrong."+name)
	}
	taken := creating(nil)
	taken.Known = &house
	return []shownPage{list(false), list(true, house, closed, suspended), record(house, people, open), record(closed, nil, nil), record(suspended, nil, nil, staff.Theme{Name: "Argent", Chosen: 1, Of: 9, Procedures: []staff.ProcedureChoice{{Name: "Déclarer ses revenus"}}}),
		form(creating(nil), nil, "", ""), form(taken, wrong, "down", "warning"), form(creating(nil), nil, "unknown", "warning"), form(changing(house), filledWith(house), "found", "info"), form(creating(nil), page.KeptForm(url.Values{"name": {"Nom"}}), "", ""), form(changing(house), nil, "closed", "warning")}
}

func personPages() []shownPage {
	show := func(change func(*personPage)) shownPage {
		return shownPage{"admin/person.html", func() page.Page {
			p := &personPage{Common: page.Common{Title: "admin.person.title"}, Person: org.Person{ID: someID, Email: "jeanne@exemple.example", Phone: "+33612345678", Profession: "Travailleuse sociale", DigitalAdviser: true}, Name: "Jeanne Fictif",
				Places: []place{{someID, house.Name, org.RoleAidant}}, MayReset: true, Passkeys: 1, Recovery: 2,
				certificate: certificate{Certificate: certification.Certified, Until: later, TrainedOn: now, TestedOn: now, Organiser: "Mednum", Training: certification.Peer, Score: 900, Minimum: 700, Needed: 700, Trainings: []staff.Choice{{Value: "classic", Text: "x"}, {Value: "peer", Text: "y"}}}}
			change(p)
			return p
		}}
	}
	blank := certificate{Certificate: certification.ToTrain, Needed: 1}
	return []shownPage{
		show(func(*personPage) {}),
		show(func(p *personPage) { p.Person, p.certificate, p.Places = org.Person{ID: someID}, blank, nil }),
		show(func(p *personPage) {
			p.Person.Suspended, p.Person.SuspendedWhy, p.Certificate, p.Refused = true, org.Inactive, certification.Suspended, "admin.refused.not_passed"
			p.Reset = &staff.Reset{Reset: credential.Reset{ID: someID, State: "asked", AskedAt: now}, Asker: "Rose Fictif", MayApprove: true}
		}),
		show(func(p *personPage) {
			p.Person.Suspended, p.Person.SuspendedWhy, p.Certificate, p.Open = true, org.Decided, "expired", "test"
			p.Reset = &staff.Reset{Reset: credential.Reset{ID: someID, State: "approved", AskedAt: now, EffectiveAt: later}, Asker: "Rose Fictif", Approver: "Paul Fictif", IsAsker: true}
			p.Form = mistaken(url.Values{"score": {"12"}}, "tested_on", "admin.wrong.date", "score", "admin.wrong.score")
		}),
		show(func(p *personPage) {
			p.Office, p.Self, p.Identities, p.Notice = "administrator", true, []org.Asked{{Person: someID, Digest: "aa", At: now, MayConfirm: true}, {Person: someID, Digest: "bb", At: now, RefusedAt: now, Two: true, Vouched: true}}, "admin.person.resumed"
			p.Reset = &staff.Reset{Reset: credential.Reset{ID: someID, State: "asked", AskedAt: now}, Asker: "Rose Fictif"}
		}),
		show(func(p *personPage) { p.Office = "auditor" }),
		show(func(p *personPage) {
			p.Certificate, p.TestedOn, p.Open = certification.Trained, time.Time{}, "train"
			p.Form = mistaken(nil, "trained_on", "admin.wrong.date", "organiser", "admin.wrong.organiser", "training", "admin.wrong.training")
		}),
		{"admin/persons.html", func() page.Page { return &searchPage{page.Common{Title: "admin.persons.title"}} }},
		{"admin/persons.html", func() page.Page {
			return &searchPage{page.Common{Title: "admin.persons.title", Form: mistaken(nil, "email", "admin.persons.nobody")}}
		}},
	}
}

func filePages() []shownPage {
	lines := []planLine{{Number: 2, What: "inconnu@exemple.example", Wrong: "admin.refused.unknown"}, {Number: 3, What: "jeanne@exemple.example", Effects: []string{"trained", "passed", "certified"}, Until: later},
		{Number: 4, What: "paul@exemple.example"}, {Number: 5, Effects: []string{"failed"}}}
	plan := func(counts certification.Counts, lines []planLine, stale bool) shownPage {
		return shownPage{"admin/plan.html", func() page.Page {
			return &planPage{Common: page.Common{Title: "admin.plan.title"}, Counts: counts, Content: "YQ==", Lines: lines, Next: map[bool]string{true: "300"}[stale], Stale: stale}
		}}
	}
	imports := func(form *page.Form, all ...imported) shownPage {
		return shownPage{"admin/imports.html", func() page.Page {
			return &importsPage{Common: page.Common{Title: "admin.imports.title", Form: form}, Header: "a;b", Imports: all, Running: len(all) > 0, Notice: "admin.imports.going_on"}
		}}
	}
	some := certification.Imported{ID: someID, SHA256: strings.Repeat("0a", 32), Lines: 5000, Done: 2000, Refused: 12, Told: true, ByName: "Ada Fictif", At: now}
	old := some
	old.Told, old.EndedAt = false, now
	one := func(x certification.Imported, refused ...refusedLine) shownPage {
		return shownPage{"admin/import.html", func() page.Page {
			return &importPage{Common: page.Common{Title: "admin.import.title"}, Import: importedNow(x), Changed: 3, Refused: refused, Next: len(refused), Notice: "admin.imports.imported_some"}
		}}
	}
	list := func(p *cardsPage) shownPage {
		return shownPage{"admin/cards.html", func() page.Page { p.Title = "admin.cards.title"; p.turn(max(p.Page, 1), p.Stock); return p }}
	}
	single := func(c card.Card, form *page.Form) shownPage {
		return shownPage{"admin/card.html", func() page.Page {
			return &cardPage{Common: page.Common{Title: "admin.card.title", Form: form}, Card: c, Notice: "admin.card.sent"}
		}}
	}
	var faults []card.Fault
	for i, what := range []string{card.FaultColumns, card.FaultSerial, card.FaultSeed, card.FaultTwice, card.FaultKnown, card.FaultTooMany} {
		faults = append(faults, card.Fault{Line: i + 2, What: what})
	}
	return []shownPage{plan(certification.Counts{Changed: 2, Unchanged: 1, Refused: 1}, lines, false), plan(certification.Counts{Refused: 1}, lines[:1], true), plan(certification.Counts{Unchanged: 1}, nil, false),
		imports(nil), imports(mistaken(nil, "file", "admin.wrong.file"), importedNow(some), importedNow(old)), one(some, refusedLine{2, "admin.refused.unknown"}), one(some), one(old),
		single(card.Card{Serial: "GADT0001", State: card.InStock, ImportedAt: now}, mistaken(url.Values{"siret": {"12"}}, "siret", "admin.card.wrong.siret")),
		single(card.Card{Serial: "GADT0001", State: card.Given, Organisation: someID, OrganisationName: house.Name, ImportedAt: now}, nil),
		single(card.Card{Serial: "GADT0001", State: card.Lost, ImportedAt: now}, nil),
		list(&cardsPage{Page: 2, Stock: 120, Cards: []card.Card{{Serial: "GADT0001", State: card.InStock, ImportedAt: now}, {Serial: "GADT0002", State: card.Given, OrganisationName: house.Name, ImportedAt: now}, {Serial: "GADT0003", State: card.Lost, ImportedAt: now}}}),
		list(&cardsPage{Notice: "admin.cards.imported"}), list(&cardsPage{Checked: true, New: 12, Stock: 1}), list(checked(card.Import{Faults: faults})),
		list(&cardsPage{Common: page.Common{Form: mistaken(nil, "file", "admin.wrong.file")}})}
}

// otherPages are the rest, each in each shape it can have.
func otherPages() []shownPage {
	propose, invite := proposing(), &invitePage{Key: "admin.organisation.invite.", Name: house.Name, Action: "/x", Back: "/y"}
	propose.Title, invite.Title = propose.Key+"title", invite.Key+"title"
	invite.Form = mistaken(nil, "given_name", "referent.field.wrong.given_name", "email", "referent.invite.wrong.member")
	confirm := func(key string) shownPage {
		return shownPage{"admin/confirm.html", func() page.Page {
			return &confirmPage{Common: page.Common{Title: key + "title"}, Key: key, Name: "Jeanne Fictif", Action: "/x", Back: "/y"}
		}}
	}
	i := invitation.Invitation{ID: someID, Email: "nora@exemple.example", ExpiresAt: later, InviterName: "Ada Fictif"}
	operator := i
	operator.InviterName = ""
	return []shownPage{
		{"admin/home.html", func() page.Page { return &homePage{Common: page.Common{Title: "admin.home.title"}} }},
		{"admin/home.html", func() page.Page {
			return &homePage{Common: page.Common{Title: "admin.home.title"}, Notice: "referent.person.confirmed", Tiles: []page.Link{{Href: "/admin/cartes", Text: "admin.tile.cards."}},
				Waiting: []waiting{{"resets", 1, "/a"}, {"proposals", 2, "/b"}, {"jobs", 3, "/c"}, {"imports", 4, "/d"}, {"identities", 1, "/e"}}}
		}},
		confirm("admin.organisation.suspend."), confirm("admin.person.suspend."), confirm("admin.person.reset."), confirm("admin.office.end."), confirm("admin.card.lose."), confirm("admin.service.close."),
		{"admin/invite.html", func() page.Page { return propose }}, {"admin/invite.html", func() page.Page { return invite }},
		{"admin/jobs.html", func() page.Page { return &jobsPage{Common: page.Common{Title: "admin.jobs.title"}} }},
		{"admin/jobs.html", func() page.Page {
			return &jobsPage{Common: page.Common{Title: "admin.jobs.title"}, Checks: comparison.Checks{Inspection: inspection.Outcome{At: now, Size: 3, Fault: "entry 1: is gone", WholeAt: now}, Comparison: comparison.Outcome{At: now, Differences: 1}}}
		}},
		{"admin/jobs.html", func() page.Page {
			return &jobsPage{Common: page.Common{Title: "admin.jobs.title"}, Jobs: []failedJob{{jobs.Failure{ID: 1, Name: "message", Tries: 3, At: now, Error: "no answer", Given: true}, "admin.job.message"}, {jobs.Failure{ID: 2, Name: "digest", Tries: 1, At: now, NextTry: later}, "admin.job.other"}}}
		}},
		{"admin/administrators.html", func() page.Page {
			return &administratorsPage{Common: page.Common{Title: "admin.administrators.title"}}
		}},
		{"admin/administrators.html", func() page.Page {
			return &administratorsPage{Common: page.Common{Title: "admin.administrators.title"}, Proposals: []proposal{{i, "Nora Neuve", true, true, false}, {operator, "Nora Neuve", true, false, false}, {i, "Nora Neuve", false, false, false}, {i, "Nora Neuve", true, false, true}},
				Administrators: []holder{{somebody{someID, "Ada Fictif", "ada@exemple.example", nil, org.ColleagueActive}, false}, {somebody{someID, "Alan Fictif", "alan@exemple.example", nil, org.ColleagueSuspended}, true}}, Notice: "admin.administrators.was_proposed"}
		}},
		{"admin/recipients.html", func() page.Page { return &recipientsPage{Common: page.Common{Title: "admin.recipients.title"}} }},
		{"admin/recipients.html", func() page.Page {
			return &recipientsPage{Common: page.Common{Title: "admin.recipients.title"}, Recipients: []org.Receiving{{Person: org.Person{ID: someID, GivenName: "Félix", UsualName: "Fictif", Email: "felix@exemple.example", Recipient: org.Fraud}, Since: now},
				{Person: org.Person{ID: someID, GivenName: "Prune", UsualName: "Fictif", Email: "prune@exemple.example", Recipient: org.Prefecture, Department: "2A", Suspended: true}, Since: now}}, Notice: "admin.recipients.was_ended"}
		}},
		{"admin/resets.html", func() page.Page { return &resetsPage{Common: page.Common{Title: "admin.resets.title"}} }},
		{"admin/resets.html", func() page.Page {
			return &resetsPage{Common: page.Common{Title: "admin.resets.title"}, Resets: []*staff.Reset{{Reset: credential.Reset{ID: someID, Person: someID, State: "asked", AskedAt: now}, Name: "Jeanne Fictif", Asker: "Ada Fictif"},
				{Reset: credential.Reset{ID: someID, Person: someID, State: "approved", AskedAt: now, EffectiveAt: later}, Name: "Jeanne Fictif", Asker: "Ada Fictif", Approver: "Alan Fictif"}}}
		}},
	}
}

func TestPages_AreSound(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	all := append(append(append(otherPages(), organisationPages()...), personPages()...), append(filePages(), append(servicePages(t), retentionPages()...)...)...)
	var names []string
	for _, p := range all {
		names = append(names, p.name)
		for _, lang := range pagetest.Languages {
			body := pagetest.Render(t, pages, p.name, lang, ada, p.data())
			title := body[strings.Index(body, "<title>"):strings.Index(body, "</title>")]
			if strings.Contains(title, "Fictif") || strings.Contains(title, "Maison") {
				t.Errorf("%s: the title names somebody: %s", p.name, title)
			}
		}
	}
	pagetest.Covered(t, pages, "admin", names)
}

// Every refusal of a line of a file, and of an act on a certificate, has its sentence.
func TestTexts_ForEveryRefusal(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	var keys []string
	for _, wrong := range []string{certification.WrongFields, certification.WrongAddress, certification.WrongDate, certification.WrongOrganiser, certification.WrongKind, certification.WrongScore,
		certification.WrongEmpty, certification.WrongDuplicate, certification.WrongUnknown} {
		keys = append(keys, "admin.refused."+wrong)
	}
	for _, err := range []error{certification.ErrDetails, certification.ErrFuture, certification.ErrOlder, certification.ErrRecorded, certification.ErrNotTrained, certification.ErrBeforeTraining,
		certification.ErrNotPassed, certification.ErrPassed, certification.ErrPassOver, certification.ErrNotCertified, certification.ErrSuspended, certification.ErrNotSuspended} {
		keys = append(keys, "admin.refused."+certification.Key(err))
	}
	for _, key := range keys {
		if _, err := pages.Text("fr", key); err != nil {
			t.Error(err)
		}
	}
}
