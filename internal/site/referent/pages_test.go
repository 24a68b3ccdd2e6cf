package referent

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/caseload"
	"mandat/internal/certification"
	"mandat/internal/citizen"
	"mandat/internal/credential"
	"mandat/internal/inquiry"
	"mandat/internal/invitation"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/procedure"
	"mandat/internal/recipient"
	"mandat/internal/site/staff"
)

var (
	someID = uuid.MustParse("01939b1c-7c5e-7000-8000-000000000001")
	now    = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	later  = now.AddDate(0, 1, 0)
	house  = org.Organisation{ID: someID, SIRET: "21750001600019", Name: "Maison France Services de Saint-Étienne-du-Rouvray", Address: "12 rue de l’Hôtel-de-Ville", AddressExtra: "Bâtiment B",
		Postcode: "76800", City: "Saint-Étienne-du-Rouvray", Phone: "02 35 00 00 00", Email: "contact@mfs.example", Kind: "ccas", FranceServices: "1234", HabilitationNumber: "HAB-1", Active: true}
	maelle = page.Who{Name: "Maëlle Le Goff", Organisation: house.Name, Role: "referent", Referent: true}
)

func someone(state, certificate string, roles ...string) member {
	c := org.Colleague{Person: org.Person{ID: someID, GivenName: "Jeanne-Marie Philippine", UsualName: "DE LA ROCHEFOUCAULD-MONTMORENCY", Email: "jeanne-marie-philippine.de-la-rochefoucauld@exemple-de-structure.example",
		Profession: "Travailleuse sociale", DigitalAdviser: true, Phone: "+33639980001"}, Roles: roles, State: state, Certificate: certificate, CertifiedUntil: &later, Passkeys: 2, Apps: 1, Cards: 1, Recovery: 8, LastSignIn: &now}
	m := member{Colleague: c, Waits: "referent.waiting.identity", Name: c.GivenName + " " + c.UsualName, Certificate: certificate, Until: later, EndsSoon: certificate == certification.Certified, SeenAt: now}
	return m
}

func blank() member {
	return member{Colleague: org.Colleague{Person: org.Person{ID: someID, Email: "x@y.fr"}, State: org.ColleagueTraining}, Name: "Nora Neuve", Certificate: "none"}
}

func mistaken(values url.Values, fields ...string) *page.Form {
	form := page.FilledForm(values)
	for _, f := range fields {
		key := map[string]string{"colleague": "referent.left.wrong.colleague", "procedures": "referent.procedures.wrong"}[f]
		if key == "" {
			key = "referent.field.wrong." + f
		}
		form.Fail(f, key)
	}
	return form
}

func themes(t *testing.T, form *page.Form) []staff.Theme {
	t.Helper()
	c, err := procedure.Load()
	if err != nil {
		t.Fatal(err)
	}
	return staff.Limiting{Catalogue: c}.Themes("fr", form, nil)
}

// allowed are a whole theme, a part of one, and one with a procedure that is retired.
var allowed = []staff.Theme{{Name: "Logement", Chosen: 1, Of: 1, Procedures: []staff.ProcedureChoice{{Name: "FSL"}}}, {Name: "Social, santé", Chosen: 1, Of: 9, Procedures: []staff.ProcedureChoice{{Name: "RSA"}}},
	{Name: "Justice", Chosen: 1, Of: 1, Procedures: []staff.ProcedureChoice{{Name: "Casier"}, {Name: "Timbre"}}}}

type shownPage struct {
	name string
	data func() page.Page
}

// left is what somebody leaves, seen by a certified aidant or not.
func left(m member, seen bool) leaving {
	l := leaving{Person: m, Left: caseload.Left{Mandates: 12, Drafts: 1, FirstEnd: now, LastEnd: later, FollowedUpBy: someID, FollowedUpSince: now}, Follower: "Paul Fictif",
		Colleagues: []staff.Choice{{Value: someID.String(), Text: "Paul Fictif"}}}
	if seen {
		who := citizen.Identity{GivenName: "Angela", FamilyName: "DUBOIS"}
		l.Mandates = []leftMandate{{caseload.Summary{ID: someID, EndsAt: later, Citizen: citizen.Citizen{Identity: who}}, who.FullName()}}
	}
	return l
}

// personPages is the record of somebody in each shape it can have.
func personPages() []shownPage {
	show := func(m member, change func(*personPage)) shownPage {
		return shownPage{"referent/person.html", func() page.Page {
			p := &personPage{Common: page.Common{Title: "referent.person.title", Trail: []page.Link{home, team}}, leaving: left(m, false), Certified: true, MaySuspend: true, MayReset: true}
			change(p)
			return p
		}}
	}
	asked := staff.Reset{Reset: credential.Reset{ID: someID, State: "asked", AskedAt: now}, Asker: "Rose Fictif", MayApprove: true, MayRefuse: true}
	approved := staff.Reset{Reset: credential.Reset{ID: someID, State: "approved", AskedAt: now, EffectiveAt: later}, Asker: "Rose Fictif", Approver: "Paul Fictif", MayRefuse: true, IsAsker: true}
	suspended := someone(org.ColleagueSuspended, certification.Suspended, org.RoleAidant)
	suspended.SuspendedThere = true
	asleep := someone(org.ColleagueSuspended, "expired", org.RoleAidant)
	asleep.Suspended, asleep.SuspendedWhy = true, org.Inactive
	stranded := blank()
	stranded.Roles, stranded.Link = []string{org.RoleAidant}, later
	over := stranded
	over.Link = time.Time{}
	byProConnect := blank()
	byProConnect.ByProConnect = true
	decided := asleep
	decided.SuspendedWhy = org.Decided
	return []shownPage{
		show(someone(org.ColleagueActive, certification.Certified, org.RoleAidant, org.RoleReferent), func(p *personPage) { p.Procedures, p.Notice = allowed, "referent.person.resumed" }),
		show(blank(), func(p *personPage) {
			p.leaving, p.Self = leaving{Person: blank()}, true
			p.Identities = []org.Asked{{Person: someID, Digest: "aa", At: now, MayConfirm: true}, {Person: someID, Digest: "bb", At: now, RefusedAt: now, Two: true, MayConfirm: true},
				{Person: someID, Digest: "cc", At: now, Two: true, Vouched: true, MayConfirm: true}, {Person: someID, Digest: "dd", At: now, Two: true, Vouched: true}}
		}),
		show(suspended, func(p *personPage) { p.Reset = &asked }),
		show(suspended, func(p *personPage) { p.Reset, p.Form = &approved, mistaken(nil, "colleague") }),
		show(asleep, func(p *personPage) { p.leaving = left(asleep, true) }),
		show(decided, func(*personPage) {}),
		show(stranded, func(*personPage) {}),
		show(over, func(*personPage) {}),
		show(byProConnect, func(*personPage) {}),
		show(someone(org.ColleagueLeft, certification.Passed), func(p *personPage) { p.MaySuspend, p.MayReset = false, false }),
		show(someone(org.ColleagueTraining, certification.Trained, org.RoleAidant), func(*personPage) {}),
		show(someone(org.ColleagueTraining, certification.ToTrain, org.RoleAidant), func(*personPage) {}),
	}
}

// everyPage is each page of this area, in each shape it can have.
func everyPage(t *testing.T) []shownPage {
	t.Helper()
	groups := func(people ...member) []group {
		return []group{{org.ColleagueActive, people}, {org.ColleagueTraining, nil}, {org.ColleagueSuspended, people}, {org.ColleagueLeft, nil}}
	}
	begun := blank()
	begun.Link = later
	open := invitation.Invitation{ID: someID, Email: "nora@exemple.example", Roles: []string{org.RoleAidant, org.RoleReferent}, ExpiresAt: now}
	limit := func(whose string, form *page.Form) shownPage {
		return shownPage{"referent/procedures.html", func() page.Page {
			return &staff.LimitPage{Common: page.Common{Title: "referent.procedures.title", Trail: []page.Link{home}, Form: form}, Whose: whose, Name: "Nora Neuve", Action: "/x", Back: "/y", Themes: themes(t, form)}
		}}
	}
	name := func(form *page.Form) shownPage {
		return shownPage{"referent/name.html", func() page.Page {
			return &staff.NamePage{Common: page.Common{Title: "referent.name.title", Trail: []page.Link{home}, Form: form}, Name: "Nora Neuve", Path: "/x"}
		}}
	}
	organisation := func(form *page.Form, procedures ...staff.Theme) shownPage {
		return shownPage{"referent/organisation.html", func() page.Page {
			return &organisationPage{Common: page.Common{Title: "referent.organisation.title", Form: form}, Organisation: house, Kind: staff.Kind("fr", house), Procedures: procedures, Hours: staff.Hours{Words: "lundi : 8 h 00 – 18 h 00", From: later}, Notice: "referent.organisation.changed"}
		}}
	}
	wrongHours := page.FilledForm(url.Values{"version": {"3"}, "opens1": {"x"}, "next7": {"on"}, "holidays": {"on"}})
	wrongHours.Fail("opens1", "referent.opening.wrong.time")
	wrongHours.Fail("closes7", "referent.opening.wrong.order")
	hours := func(form *page.Form) shownPage {
		return shownPage{"referent/opening.html", func() page.Page {
			return &staff.OpeningPage{Common: page.Common{Title: "referent.opening.title", Trail: []page.Link{home}, Form: form}, Organisation: house, Action: openingPath, Back: organisationPath, Zone: "heure de Paris", Days: staff.OpeningDays("fr")}
		}}
	}
	invite := func(form *page.Form) shownPage {
		return shownPage{"referent/invite.html", func() page.Page {
			return &invitePage{Common: page.Common{Title: "referent.invite.title", Form: form}, Organisation: house.Name, Tongues: []staff.Choice{{Value: "fr", Text: "Français"}, {Value: "en", Text: "Anglais"}}}
		}}
	}
	suspend := func(seen bool, form *page.Form) shownPage {
		return shownPage{"referent/suspend.html", func() page.Page {
			return &suspendPage{Common: page.Common{Title: "referent.suspend.title", Form: form}, leaving: left(blank(), seen)}
		}}
	}
	return append(personPages(),
		shownPage{"referent/home.html", func() page.Page {
			return &homePage{Common: page.Common{Title: "referent.home.title"}, Organisation: house.Name}
		}},
		shownPage{"referent/home.html", func() page.Page {
			return &homePage{Common: page.Common{Title: "referent.home.title"}, Organisation: house.Name, Notice: "referent.left.done", Orphans: []orphaned{{caseload.Orphaned{Person: someID, Mandates: 3, FirstEnd: later}, "Jeanne-Marie DE LA ROCHEFOUCAULD", "/x#releve"}},
				Waiting: []waiting{{"finding", "Constat grave", "/f", now}, {"identity", "A B", "/x", now}, {"reset", "C D", "/y", now}, {"stranded", "G H", "/s", time.Time{}}, {"invitation", "E F", "/z", now}}}
		}},
		shownPage{"referent/findings.html", func() page.Page {
			return &findingsPage{Common: page.Common{Title: findings.Text}}
		}},
		shownPage{"referent/findings.html", func() page.Page {
			replied := inquiry.Finding{ID: someID, Gravity: inquiry.Grave, State: inquiry.Replied, Person: someID, Mandate: someID, Words: "Constaté.", MadeAt: now, DueAt: later, Reply: "Répondu.", RepliedAt: now, Outcome: inquiry.Warning, DecidedAt: now}
			asked := inquiry.Finding{ID: someID, Gravity: inquiry.Minor, State: inquiry.Asked, MadeAt: now, DueAt: later}
			return &findingsPage{Common: page.Common{Title: findings.Text}, Notice: "cases.there.done", Findings: []finding{{replied, false}, {asked, true}, {asked, false}}}
		}},
		shownPage{"referent/findings.html", func() page.Page {
			asked := inquiry.Finding{ID: someID, Gravity: inquiry.Minor, State: inquiry.Asked, MadeAt: now, DueAt: later}
			wrong := page.FilledForm(nil)
			wrong.Fail("reponse", "cases.wrong.words")
			return &findingsPage{Common: page.Common{Title: "cases.there.one", Form: wrong}, One: true, Max: inquiry.WordsMax, Findings: []finding{{asked, true}}}
		}},
		shownPage{"referent/journal.html", func() page.Page {
			return &journalPage{Common: page.Common{Title: journalLink.Text}, Duties: []duty{{"unkept", 0, ""}, {"replies", 2, "/referent/constats"}}}
		}},
		shownPage{"referent/journal.html", func() page.Page {
			return &journalPage{Common: page.Common{Title: journalLink.Text}, Notice: "receiving.referent.was_checked", Duties: []duty{{"forsaken", 1, "/referent"}}, Due: later, Late: true, Today: true, Older: "/referent/journal?avant=3",
				Lines:  []done{{recipient.Done{At: now, Action: "mandate.signed", Person: someID, Citizen: someID, Mandate: someID}, "Jeanne Fictif", ""}, {recipient.Done{At: now, Action: "person.joined", Person: someID}, "Odile Fictif", "Paul Fictif"}, {recipient.Done{At: now, Action: "mandate.started", Mandate: someID}, "", ""}},
				Waits:  []waits{{recipient.Unkept{Mandate: someID, At: now, What: "accounts"}, "Jeanne Fictif"}},
				Checks: []check{{recipient.Check{At: now}, "Odile Fictif"}}}
		}},
		shownPage{"referent/journal.html", func() page.Page {
			return &journalPage{Common: page.Common{Title: journalLink.Text}, Due: later}
		}},
		shownPage{"referent/team.html", func() page.Page {
			return &teamPage{Common: page.Common{Title: "referent.team.title"}, Groups: groups()}
		}},
		shownPage{"referent/team.html", func() page.Page {
			return &teamPage{Common: page.Common{Title: "referent.team.title"}, Groups: groups(someone(org.ColleagueActive, certification.Certified, org.RoleAidant, org.RoleReferent), blank(), begun),
				Invitations: []staff.Invited{{Invitation: open, Name: "Nora Neuve", Over: true}, {Invitation: open, Name: "Nora Neuve"}}, Notice: "referent.invite.sent"}
		}},
		shownPage{"referent/reset.html", func() page.Page {
			return &resetPage{Common: page.Common{Title: "referent.reset.go"}, Person: blank()}
		}},
		invite(nil), invite(page.KeptForm(url.Values{"roles": {"referent"}})), invite(mistaken(url.Values{"roles": {"referent"}}, "given_name", "usual_name", "email", "roles", "phone")),
		suspend(false, nil), suspend(true, mistaken(nil, "colleague")),
		name(page.FilledForm(url.Values{"given_name": {"Nora"}, "usual_name": {"Neuve"}})), name(mistaken(nil, "given_name", "usual_name")),
		limit("person", nil), limit("organisation", mistaken(url.Values{"procedures": {"logement-aide-caf"}}, "procedures")),
		organisation(nil, allowed...), organisation(mistaken(nil, "phone", "email")), hours(page.FilledForm(nil)), hours(wrongHours))
}

func TestPages_AreSound(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	var names []string
	for _, p := range everyPage(t) {
		names = append(names, p.name)
		for _, lang := range pagetest.Languages {
			pagetest.Render(t, pages, p.name, lang, maelle, p.data())
		}
	}
	pagetest.Covered(t, pages, "referent", names)
}
