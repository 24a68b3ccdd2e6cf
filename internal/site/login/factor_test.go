package login_test

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// halfLea is somebody with an application, half signed in.
func halfLea(t *testing.T) (d *desk.Desk, lea journal.Actor, code func() string, b *browse.Browser) {
	t.Helper()
	d, _ = open(t)
	lea = d.Newcomer(t, "lea", org.RoleAidant)
	code, b = d.App(t, lea), browse.New()
	d.HalfIn(t, b, "lea@exemple.invalid")
	return d, lea, code, b
}

// A code works once, in whatever browser.
func TestFactor_ACodeWorksOnce(t *testing.T) {
	t.Parallel()
	d, lea, code, b := halfLea(t)
	again := browse.New()
	d.HalfIn(t, again, "lea@exemple.invalid")
	now := code()
	press(t, b, "Valider le code", "code", now)
	if b.H1() != "espace" {
		t.Fatalf("at %v: %s", b.URL(), b.Text())
	}
	press(t, again, "Valider le code", "code", now)
	expect(t, d, again, 422, "login.factor.title")
	if n := noted(t, d, "code_wrong", lea.Person); n != 1 {
		t.Errorf("%d lines in the security log", n)
	}
}

// Wrong codes are told apart from nothing, slowed, and noted with whose they were to be, never with what was typed.
func TestFactor_WrongCodesAreSlowedAndNoted(t *testing.T) {
	t.Parallel()
	d, lea, code, b := halfLea(t)
	key := d.Key(t)
	enrolling := browse.New()
	d.HalfIn(t, enrolling, "lea@exemple.invalid")
	press(t, enrolling, "Valider le code", "code", code())
	if status, answer := d.AddKey(t, enrolling, key, "Clé"); status != 200 {
		t.Fatalf("adding a passkey: %d %v", status, answer)
	}
	d.Clock.Advance(5 * time.Minute)
	for range 5 {
		press(t, b, "Valider le code", "code", "000000")
		expect(t, d, b, 422, "login.factor.title")
	}
	press(t, b, "Valider le code", "code", code())
	expect(t, d, b, 429, "login.factor.title")
	if n := noted(t, d, "code_wrong", lea.Person); n != 5 {
		t.Errorf("%d lines of wrong codes", n)
	}
	if n := noted(t, d, "code_wait", lea.Person); n != 1 {
		t.Errorf("%d lines of codes that were not read", n)
	}
	if n := d.Number(t, `select count(*) from security_event where security_event::text like '%000000%' or security_event::text like '%lea@%'`); n != 0 {
		t.Error("the security log holds what was typed")
	}
	if strings.Contains(b.Text(), "000000") {
		t.Error("the page repeats the code")
	}
	// The owner's passkey works whatever was tried.
	if status, answer := d.UseKey(t, b, key); status != 200 || d.Who(t, b) != lea.Person {
		t.Errorf("the passkey: %d %v", status, answer)
	}
}

// Whoever reads somebody's mailbox keeps nobody waiting in a browser in which they have signed in before.
func TestFactor_StrangersUseUpWhatIsForStrangers(t *testing.T) {
	t.Parallel()
	d, lea, code, mine := halfLea(t)
	press(t, mine, "Valider le code", "code", code())
	press(t, at(t, d, mine), "quitter")
	d.Clock.Advance(time.Hour)
	other := d.Newcomer(t, "max", org.RoleAidant)
	his, hisCode := browse.New(), d.App(t, other)
	d.HalfIn(t, his, "max@exemple.invalid")
	press(t, his, "Valider le code", "code", hisCode())
	press(t, at(t, d, his), "quitter")
	stranger := browse.New()
	d.HalfIn(t, stranger, "lea@exemple.invalid")
	for range 5 {
		press(t, stranger, "Valider le code", "code", "000000")
		expect(t, d, stranger, 422, "login.factor.title")
	}
	for name, b := range map[string]*browse.Browser{"the same": stranger, "a new one": browse.New(), "one that is known, to somebody else": his} {
		if b != stranger {
			d.HalfIn(t, b, "lea@exemple.invalid")
		}
		if press(t, b, "Valider le code", "code", code()); b.Status() != 429 || d.Who(t, b) == lea.Person {
			t.Errorf("strangers in another browser, %s: %d", name, b.Status())
		}
	}
	d.HalfIn(t, mine, "lea@exemple.invalid")
	press(t, mine, "Valider le code", "code", code())
	if d.Who(t, mine) != lea.Person {
		t.Errorf("she waits too: %d %s", mine.Status(), mine.Text())
	}
}

func TestFactor_RecoveryCodeWorksOnce(t *testing.T) {
	t.Parallel()
	d, lea, _, b := halfLea(t)
	lea.FactorAt = d.Clock.Now()
	codes, err := d.Factors.MakeRecovery(t.Context(), lea)
	if err != nil {
		t.Fatal(err)
	}
	again := browse.New()
	d.HalfIn(t, again, "lea@exemple.invalid")
	press(t, b, "Valider le code", "code", strings.ToLower(codes[3]))
	if d.Who(t, b) != lea.Person || b.H1() != "espace" {
		t.Fatalf("at %v: %s", b.URL(), b.Text())
	}
	press(t, again, "Valider le code", "code", codes[3])
	expect(t, d, again, 422, "login.factor.title")
	if n := len(d.Post.Of("recovery_used")); n != 1 {
		t.Errorf("told %d times", n)
	}
	get(t, b, d.URL+"/fort")
	press(t, b, "Valider le code", "code", codes[4])
	if b.H1() != "ailleurs" {
		t.Fatalf("at %v: %s", b.URL(), b.Text())
	}
	// The journal says who, half signed in or signed in.
	if n := d.Number(t, `select count(*) from journal_entry where action = 'factor.recovery_used' and person_id = $1 and organisation_id = $2 and body::jsonb #>> '{by,kind}' = 'aidant'`,
		lea.Person, lea.Organisation); n != 2 {
		t.Errorf("%d entries name her", n)
	}
}

// Somebody who was suspended since they opened the link does not come in, nor somebody who has no organisation any more.
func TestFactor_RightsAreAskedAgain(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"suspended":       `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`,
		"no_organisation": `update membership set ended_at = now() where person_id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, lea, code, b := halfLea(t)
			d.World.Behind(t, sql, lea.Person)
			press(t, b, "Valider le code", "code", code())
			expect(t, d, b, 403, "login.problem."+name+".title")
			if n := noted(t, d, name, lea.Person); n != 1 || d.Number(t, `select count(*) from session where person_id is not null`) != 0 {
				t.Errorf("%d lines in the security log, or somebody is signed in", n)
			}
		})
	}
}

// Without a factor of one's own, a link alone opens nothing: the page says which way does.
func TestFactor_NoneOfOnesOwn(t *testing.T) {
	t.Parallel()
	d, p := open(t)
	d.Person(t, p.Issuer, "Jeanne-sub", d.Here, "aidant")
	b := browse.New()
	d.HalfIn(t, b, "jeanne-sub@exemple.invalid")
	expect(t, d, b, 200, "login.factor.title")
	if b.HasButton("Valider le code") || !b.HasButton("ProConnect") {
		t.Error("a code is asked for, or ProConnect is not offered")
	}
	p.Play(naming("Jeanne-sub", "jeanne-sub@exemple.invalid"))
	press(t, b, "ProConnect")
	if b.H1() != "espace" {
		t.Errorf("at %v: %s", b.URL(), b.Text())
	}
}

// Signing in with a browser that the person never used is told to them; with the same one, and for the first time ever, it is not.
func TestFactor_ANewBrowserIsTold(t *testing.T) {
	t.Parallel()
	d, lea, code, b := halfLea(t)
	press(t, b, "Valider le code", "code", code())
	press(t, b, "quitter")
	d.Clock.Advance(time.Minute)
	d.HalfIn(t, b, "lea@exemple.invalid")
	press(t, b, "Valider le code", "code", code())
	if n := len(d.Post.Of("new_device")); n != 0 {
		t.Fatalf("told %d times of the same browser", n)
	}
	other := browse.New()
	d.Clock.Advance(10 * time.Minute)
	d.HalfIn(t, other, "lea@exemple.invalid")
	press(t, other, "Valider le code", "code", code())
	told := d.Post.Of("new_device")
	if len(told) != 1 || told[0].Person != lea.Person {
		t.Errorf("told %+v", told)
	}
}
