package proconnect_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/rogue"
	"mandat/internal/session"
)

// Who may come in, and who is told what.
func TestSignIn_WhoMayComeIn(t *testing.T) {
	t.Parallel()
	told := func(sub, email, siret string) func(*rogue.Plan) {
		return func(p *rogue.Plan) {
			p.Subject, p.Info = sub, map[string]any{"email": email, "siret": siret, "idp_id": "fia1"}
		}
	}
	const here, elsewhere = "21750001600019", "35600000000048"
	for name, test := range map[string]struct {
		before func(t *testing.T, d *desk.Desk, jeanne uuid.UUID)
		wrong
	}{
		"unknown":               {nil, wrong{told("Nobody-sub", "nobody@exemple.invalid", here), "unknown"}},
		"known e-mail":          {nil, wrong{told("New-sub", "Jeanne-sub@exemple.invalid", here), "identity_asked"}},
		"from elsewhere":        {nil, wrong{told("New-sub", "jeanne-sub@exemple.invalid", elsewhere), "other_account"}},
		"another establishment": {nil, wrong{told("Jeanne-sub", "x@exemple.invalid", elsewhere), "wrong_organisation"}},
		"no establishment":      {nil, wrong{told("Jeanne-sub", "x@exemple.invalid", ""), "wrong_organisation"}},
		"suspended": {func(t *testing.T, d *desk.Desk, jeanne uuid.UUID) {
			d.Behind(t, `set session_replication_role = replica; update person set suspended_at = now(), suspended_why = 'decided' where id = '`+jeanne.String()+`'`)
		}, wrong{told("Jeanne-sub", "x@exemple.invalid", here), "suspended"}},
		"member no more": {func(t *testing.T, d *desk.Desk, jeanne uuid.UUID) {
			d.Behind(t, `set session_replication_role = replica; update membership set ended_at = now() where person_id = '`+jeanne.String()+`'`)
		}, wrong{told("Jeanne-sub", "x@exemple.invalid", here), "no_organisation"}},
		"suspended there": {func(t *testing.T, d *desk.Desk, jeanne uuid.UUID) {
			d.Behind(t, `set session_replication_role = replica; update membership set suspended_at = now() where person_id = '`+jeanne.String()+`'`)
		}, wrong{told("Jeanne-sub", "x@exemple.invalid", here), "suspended"}},
		"closed organisation": {func(t *testing.T, d *desk.Desk, _ uuid.UUID) {
			d.Behind(t, `set session_replication_role = replica; update organisation set active = false where id = '`+d.Here.String()+`'`)
		}, wrong{told("Jeanne-sub", "x@exemple.invalid", here), "no_organisation"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, p, jeanne := open(t)
			if test.before != nil {
				test.before(t, d, jeanne)
			}
			plan := sound()
			test.plan(&plan)
			p.Play(plan)
			b := refused(t, d, test.want)
			// The next time ProConnect is asked to let the person choose another account.
			d.SignIn(t, b)
			if p.Asked().Get("prompt") != "login" {
				t.Errorf("asked %v", p.Asked())
			}
		})
	}
}

// A known address never opens an account: neither is anybody linked to it.
func TestSignIn_LinksNobodyByAddress(t *testing.T) {
	t.Parallel()
	d, p, jeanne := open(t)
	plan := sound()
	plan.Subject = "Jeanne-at-another-provider"
	p.Play(plan)
	refused(t, d, "identity_asked")
	const names = `select 10 * count(*) filter (where state = 'confirmed' and sub = 'Jeanne-sub') + count(*) filter (where state = 'asked' and sub <> 'Jeanne-sub') from person_identity where person_id = $1`
	if n := d.Number(t, names, jeanne); n != 11 {
		t.Errorf("names %d: the person was linked to another account, or nobody is asked", n)
	}
	refused(t, d, "other_account") // they were asked before
	if n := d.Number(t, names, jeanne); n != 11 {
		t.Errorf("names %d after asking again", n)
	}
}

// The referents of the person are told, once, and only what they confirm counts.
func TestSignIn_AnotherNameIsConfirmedByTheReferent(t *testing.T) {
	t.Parallel()
	d, p, jeanne := open(t)
	robin := d.Person(t, p.Issuer, "Robin-sub", d.Here, "referent")
	plan := sound()
	plan.Subject = "Jeanne-at-another-provider"
	p.Play(plan)
	refused(t, d, "identity_asked")
	refused(t, d, "other_account")
	told := d.Post.Of("identity_asked")
	if len(told) != 1 || told[0].Person != robin {
		t.Fatalf("told %+v", told)
	}
	by := journal.Actor{Kind: journal.Referent, Person: robin, Organisation: d.Here, FactorAt: d.Clock.Now()}
	asked, err := d.Directory.AskedIdentities(t.Context(), by)
	if err != nil || len(asked) != 1 || asked[0].Person != jeanne {
		t.Fatalf("asked %+v, %v", asked, err)
	}
	if _, err := d.Directory.ConfirmIdentity(t.Context(), by, jeanne, asked[0].Digest); err != nil {
		t.Fatal(err)
	}
	b := browse.New()
	d.SignIn(t, b)
	if b.TextByID("who") != "aidant "+jeanne.String()+" "+d.Here.String() {
		t.Errorf("%s: %s", b.H1(), b.Text())
	}
}

// The role is that of the organisation chosen: aidant if they are that among others, referent, or auditor without any.
func TestSignIn_Roles(t *testing.T) {
	t.Parallel()
	d, p, _ := open(t)
	d.Person(t, p.Issuer, "Both-sub", d.Here, "referent", "aidant")
	d.Person(t, p.Issuer, "Referent-sub", d.Here, "referent")
	d.Person(t, p.Issuer, "Auditor-sub", uuid.Nil)
	for sub, want := range map[string]string{"Both-sub": "espace aidant", "Referent-sub": "referent referent", "Auditor-sub": "audit auditor"} {
		plan := sound()
		plan.Subject = sub
		p.Play(plan)
		b := browse.New()
		d.SignIn(t, b)
		role, _, _ := strings.Cut(b.TextByID("who"), " ")
		if got := b.H1() + " " + role; got != want {
			t.Errorf("%s: %q, want %q", sub, got, want)
		}
	}
	// Neither sees the other's pages.
	plan := sound()
	plan.Subject = "Auditor-sub"
	p.Play(plan)
	b := browse.New()
	d.SignIn(t, b)
	if err := b.Get(d.URL + "/espace"); err != nil || b.Status() != 403 {
		t.Errorf("an auditor at /espace: %d, %v", b.Status(), err)
	}
	p.Play(sound())
	b = browse.New()
	d.SignIn(t, b)
	if err := b.Get(d.URL + "/audit"); err != nil || b.Status() != 403 {
		t.Errorf("an aidant at /audit: %d, %v", b.Status(), err)
	}
}

// Who has several organisations begins where ProConnect says that they are, and has a session for each; one that is none of theirs is
// refused as ever.
func TestSignIn_SeveralOrganisations(t *testing.T) {
	t.Parallel()
	d, p, jeanne := open(t)
	if err := d.Directory.Join(t.Context(), journal.Program(), jeanne, d.Elsewhere, "referent"); err != nil {
		t.Fatal(err)
	}
	for siret, want := range map[string]string{"21750001600019": "/espace", "35600000000048": "/referent"} {
		plan := sound()
		plan.Info["siret"] = siret
		p.Play(plan)
		b := browse.New()
		d.SignIn(t, b)
		if !strings.HasPrefix(b.URL().Path, "/structures/") || !strings.HasSuffix(b.URL().Path, want) {
			t.Errorf("%s: at %v", siret, b.URL())
		}
	}
	if n := d.Number(t, `select count(*) from session where person_id = $1 and method = 'proconnect' and factor_kind = 'proconnect'`, jeanne); n != 6 {
		t.Errorf("%d sessions of two browsers, each with one for no organisation and two for one", n)
	}
	plan := sound()
	plan.Info["siret"] = "13002526500013"
	p.Play(plan)
	b := browse.New()
	d.SignIn(t, b)
	expect(t, d, b, "wrong_organisation")
}

// Administrators sign in like everybody, whatever organisation ProConnect asserts.
func TestSignIn_Administrator(t *testing.T) {
	t.Parallel()
	d, p, _ := open(t)
	id, err := d.Directory.AddPerson(t.Context(), journal.Program(), org.Person{Issuer: p.Issuer, Sub: "Ada-sub", Email: "ada@exemple.invalid", GivenName: "Ada", UsualName: "Fictif", Administrator: true}, uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	plan := sound()
	plan.Subject = "Ada-sub"
	plan.Info["siret"] = ""
	p.Play(plan)
	b := browse.New()
	d.SignIn(t, b)
	if d.Who(t, b) != id || b.URL().Path != "/admin" && b.URL().Path != session.CharterPath {
		t.Errorf("at %v: %s", b.URL(), b.Text())
	}
}

// What a suspended person tries is noted as theirs.
func TestSignIn_NotesWhose(t *testing.T) {
	t.Parallel()
	d, p, jeanne := open(t)
	d.World.Behind(t, `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, jeanne)
	p.Play(sound())
	b := browse.New()
	d.SignIn(t, b)
	expect(t, d, b, "suspended")
	if n := d.Number(t, `select count(*) from security_event where kind = 'sign_in.suspended' and person_id = $1`, jeanne); n != 1 {
		t.Errorf("%d lines of hers", n)
	}
}
