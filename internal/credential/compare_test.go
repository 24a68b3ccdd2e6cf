package credential_test

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/credential"
	"mandat/internal/journal"
)

// Whatever somebody does to the tables behind the program's back is named: a factor that nobody added would let them in.
func TestCompare_NamesWhatWasChangedBehindTheProgramsBack(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		`update credential_passkey set public_key = '\x00'`:                                                      "the tables say passkey",
		`update credential_passkey set person_id = (select id from person where email = 'paul@exemple.invalid')`: "the tables say passkey",
		`update credential_passkey set cloned_at = null where cloned_at is not null`:                             "cloned false",
		`delete from credential_passkey where cloned_at is null`:                                                 "gone from the tables",
		`insert into credential_passkey (id, person_id, credential_id, public_key, aaguid, transports, name, backup_eligible, backed_up, sign_count, created_at)
			select gen_random_uuid(), person_id, '\x01', public_key, aaguid, transports, name, backup_eligible, backed_up, 0, created_at from credential_passkey limit 1`: "no entry tells of it",
		`update credential_totp set confirmed_at = now() where confirmed_at is null`:                                       "no entry tells of it",
		`update credential_totp set serial = 'GADT0002' where serial = 'GADT0001'`:                                         "GADT0002",
		`delete from credential_totp where kind = 'app'`:                                                                   "gone from the tables",
		`update credential_recovery set used_at = null`:                                                                    "10 left",
		`update credential_recovery set hash = sha256('mine') where hash = (select hash from credential_recovery limit 1)`: "the tables say recovery codes",
		`update credential_recovery set person_id = (select id from person where email = 'paul@exemple.invalid')`:          "no entry tells of it",
		`update credential_reset set state = 'approved', approved_by = (select id from person where email = 'paul@exemple.invalid'), approved_at = now(), effective_at = now() + interval '1 hour'`: "approved",
		`update credential_reset set state = 'cancelled', ended_at = now()`: "cancelled",
	} {
		t.Run(sql[:min(len(sql), 60)], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			by := w.newcomer(t, "amel")
			w.full(t, by, "GADT0001", w.cards(t, 2))
			k := newKey(t)
			k.Counts = true
			w.enrol(t, w.fresh(by), k, "copiée")
			clone := k.Copy()
			for range 2 {
				_, _ = w.use(t, k)
			}
			_, _ = w.use(t, clone)
			codes, err := w.factors.MakeRecovery(t.Context(), w.fresh(by))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.code(t, by, codes[0]); err != nil {
				t.Fatal(err)
			}
			if _, err := w.factors.AskReset(t.Context(), w.Referent(t, w.Here, "rene"), by.Person); err != nil {
				t.Fatal(err)
			}
			if _, err := w.factors.StartApp(t.Context(), w.Paul); err != nil {
				t.Fatal(err)
			}
			w.sound(t)
			w.Behind(t, sql)
			found, err := credential.Compare(t.Context(), w.OpenAuditor(t))
			if err != nil || len(found) == 0 {
				t.Fatalf("nothing was named: %v", err)
			}
			all := ""
			for _, d := range found {
				all += d.String() + "\n"
			}
			if !strings.Contains(all, want) {
				t.Errorf("want %q in:\n%s", want, all)
			}
		})
	}
}

// The database refuses what the program would do without an entry.
func TestTables_RefuseAChangeWithoutItsEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	w.full(t, by, "GADT0001", w.cards(t, 1))
	if _, err := w.factors.AskReset(t.Context(), w.Referent(t, w.Here, "rene"), by.Person); err != nil {
		t.Fatal(err)
	}
	if _, err := w.factors.StartApp(t.Context(), w.Paul); err != nil {
		t.Fatal(err)
	}
	conn := w.Connect(t, w.App)
	if _, err := conn.Exec(t.Context(), `set default_transaction_read_only = off`); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`update credential_passkey set public_key = '\x00'`,
		`delete from credential_passkey`,
		`update credential_totp set confirmed_at = now() where confirmed_at is null`,
		`update credential_totp set person_id = (select id from person where email = 'paul@exemple.invalid') where kind = 'card'`,
		`update credential_totp set seed = '\x00' where kind = 'card'`,
		`delete from credential_totp where confirmed_at is not null`,
		`insert into credential_totp (id, person_id, kind, name, data_key, seed, period, confirmed_at, created_at) select gen_random_uuid(), id, 'app', 'x', '\x00', '\x00', 30, now(), now() from person where email = 'ines@exemple.invalid'`,
		`delete from credential_recovery`,
		`update credential_recovery set used_at = now()`,
		`update credential_reset set state = 'cancelled', ended_at = now()`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "changed without its entry") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	w.sound(t)
}

// What a factor is made of stands nowhere in clear: neither seeds nor codes, in whatever form, and nothing that was typed.
func TestSecrets_AreNotInTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	card := w.cards(t, 1)
	key := w.app(t, by)
	pending, err := w.factors.StartApp(t.Context(), w.Paul)
	if err != nil {
		t.Fatal(err)
	}
	w.settle(time.Minute)
	typed := card("GADT0001", w.Clock.Now())
	if _, err := w.factors.AddCard(t.Context(), w.fresh(by), "GADT0001", typed, "", home); err != nil {
		t.Fatal(err)
	}
	codes, err := w.factors.MakeRecovery(t.Context(), w.fresh(by))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.code(t, by, codes[0]); err != nil {
		t.Fatal(err)
	}
	const wrong = "QQQQ-WWWW-EEEE-RRRR"
	if _, err := w.code(t, by, wrong); err == nil {
		t.Fatal("a wrong code")
	}
	_, link := w.done(t, w.newcomer(t, "basile").Person)
	_, seed := stock(1)
	w.absent(t, map[string][]string{
		"application's key": keyForms(t, key), "key that waits": keyForms(t, pending.Key), "card's seed": keyForms(t, seedKey(t, seed("GADT0001"))),
		"recovery code": forms(codes[1]), "used recovery code": forms(codes[0]), "wrong code": forms(wrong), "typed code": {typed}, "link": {link},
	})
	w.sound(t)
}

// Somebody who loses everything at the counter: the old telephone is gone, a recovery code opens the way, the new telephone replaces it.
func TestLostPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	old := w.app(t, by)
	codes, err := w.factors.MakeRecovery(t.Context(), w.fresh(by))
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(24 * time.Hour)
	given, err := w.code(t, by, codes[9])
	if err != nil {
		t.Fatal(err)
	}
	signedIn := journal.Actor{Kind: by.Kind, Person: given.Person, Organisation: by.Organisation, Session: by.Session, FactorAt: given.At}
	fresh := w.app(t, signedIn)
	w.Clock.Advance(time.Minute)
	if _, err := w.code(t, by, shown(t, old, 30, w.Clock.Now())); err == nil {
		t.Error("the lost telephone still counts")
	}
	if _, err := w.code(t, by, shown(t, fresh, 30, w.Clock.Now())); err != nil {
		t.Error(err)
	}
	w.sound(t)
}
