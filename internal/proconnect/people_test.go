package proconnect_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/rogue"
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
		"known e-mail":          {nil, wrong{told("New-sub", "Jeanne-sub@exemple.invalid", here), "other_account"}},
		"another establishment": {nil, wrong{told("Jeanne-sub", "x@exemple.invalid", elsewhere), "wrong_organisation"}},
		"no establishment":      {nil, wrong{told("Jeanne-sub", "x@exemple.invalid", ""), "wrong_organisation"}},
		"suspended": {func(t *testing.T, d *desk.Desk, jeanne uuid.UUID) {
			d.Behind(t, `set session_replication_role = replica; update person set suspended_at = now() where id = '`+jeanne.String()+`'`)
		}, wrong{told("Jeanne-sub", "x@exemple.invalid", here), "suspended"}},
		"member no more": {func(t *testing.T, d *desk.Desk, jeanne uuid.UUID) {
			d.Behind(t, `set session_replication_role = replica; update membership set ended_at = now() where person_id = '`+jeanne.String()+`'`)
		}, wrong{told("Jeanne-sub", "x@exemple.invalid", here), "no_organisation"}},
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
	refused(t, d, "other_account")
	if n := d.Number(t, `select count(*) from person where id = $1 and sub = 'Jeanne-sub'`, jeanne); n != 1 {
		t.Error("the person was linked to another account")
	}
}

// The role is that of the organisation chosen: aidant if they are that among others, referent, or auditor without any.
func TestSignIn_Roles(t *testing.T) {
	t.Parallel()
	d, p, _ := open(t)
	d.Person(t, p.Issuer, "Both-sub", d.Here, "referent", "aidant")
	d.Person(t, p.Issuer, "Referent-sub", d.Here, "referent")
	d.Person(t, p.Issuer, "Auditor-sub", uuid.Nil)
	for sub, want := range map[string]string{"Both-sub": "espace aidant", "Referent-sub": "espace referent", "Auditor-sub": "audit auditor"} {
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
