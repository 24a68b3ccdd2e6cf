package retention_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/citizen"
	"mandat/internal/consent"
	"mandat/internal/contact"
	"mandat/internal/db"
	"mandat/internal/decision"
	"mandat/internal/draft"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/maillink"
	"mandat/internal/org"
	"mandat/internal/phone"
	"mandat/internal/retention"
	"mandat/internal/session"
	"mandat/internal/smsin"
	"mandat/internal/token"
)

// keeper is a world with the register, and an administrator.
type keeper struct {
	*fixture.World
	t        *testing.T
	register *retention.Register
	erasures *erasure.Register
	sessions *session.Sessions
	ada      journal.Actor
}

func open(t *testing.T) *keeper {
	t.Helper()
	k := &keeper{World: fixture.New(t), t: t}
	k.erasures = erasure.New(k.DB, k.Journal, phone.New(k.DB, k.Journal, k.Citizens, k.Keys, k.Clock, nil), k.Clock, nil)
	k.register = retention.New(k.DB, k.Journal, k.erasures, k.Clock)
	k.sessions = session.New(k.DB, k.Keys, k.Clock, false)
	k.ada = k.Administrator(t, "ada")
	return k
}

// events notes refusals that happened so many months ago.
func (k *keeper) events(months ...int) {
	k.t.Helper()
	for _, n := range months {
		k.Behind(k.t, `insert into security_event (at, kind, network) values ($1, 'sign_in.unknown', '192.0.2.0/24')`, k.Clock.Now().AddDate(0, -n, -1))
	}
}

func (k *keeper) count(sql string, args ...any) (n int) {
	k.t.Helper()
	if err := k.Connect(k.t, k.Superuser).QueryRow(k.t.Context(), sql, args...).Scan(&n); err != nil {
		k.t.Fatal(err)
	}
	return n
}

// run runs what lets go of the security log.
func (k *keeper) run() {
	k.t.Helper()
	if err := k.register.Do(k.t.Context(), func(ctx context.Context, until retention.Until) error {
		return k.sessions.PurgeTrace(ctx, time.Time{}, time.Time{}, until("security_log"))
	}, "security_log"); err != nil {
		k.t.Fatal(err)
	}
}

func (k *keeper) policy(key string) retention.Policy {
	k.t.Helper()
	p, err := k.register.Find(k.t.Context(), key)
	if err != nil {
		k.t.Fatal(err)
	}
	return p
}

func (k *keeper) look(key string) retention.Look {
	k.t.Helper()
	all, err := k.register.DryRun(k.t.Context())
	if err != nil {
		k.t.Fatal(err)
	}
	for _, l := range all {
		if l.Key == key {
			return l
		}
	}
	k.t.Fatalf("no policy %s", key)
	return retention.Look{}
}

// The periods in the table are those that the rules of the program rest on, and no page can change those.
func TestPolicies_AreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	k := open(t)
	now := k.Clock.Now()
	for key, want := range map[string]time.Time{
		"mandates": now.AddDate(-erasure.Years, 0, 0), "drafts": now.Add(-draft.Life), "consents": now.Add(-consent.Kept), "telephones": now.Add(-phone.Kept), "telephone_seats": now.AddDate(0, -phone.Bound, 0),
		"mail_links": now.Add(-citizen.LinkLife), "decisions": now.Add(-decision.Shown - 24*time.Hour), "sessions": now.Add(-session.Idle), "attempts": now.Add(-session.Idle), "invitations": now.Add(-invitation.Kept),
		"unshown_contacts": now.Add(-contact.Life), "mail_sign_ins": now.Add(-maillink.Life), "sms_callbacks": now.Add(-2*smsin.Window - time.Minute),
	} {
		if p := k.policy(key); !p.Until(now, p.Amount).Equal(want) || !p.Fixed() {
			t.Errorf("%s: %d %s, fixed %v", key, p.Amount, p.Unit, p.Fixed())
		}
	}
	all, err := k.register.Policies(t.Context())
	if err != nil || len(all) < 29 || all[0].Key != retention.Mandates {
		t.Errorf("%d policies, %v", len(all), err)
	}
	changeable := 0
	for _, p := range all {
		if !p.Fixed() {
			changeable++
		}
	}
	if changeable != 3 {
		t.Errorf("%d can be changed", changeable)
	}
}

// A run lets go what was counted before it, and notes how many; a dry run changes nothing.
func TestDo(t *testing.T) {
	t.Parallel()
	k := open(t)
	k.events(0, 5, 11, 12, 13, 40)
	if l := k.look("security_log"); l.Due != 3 || l.Held != 0 || !l.Last.At.IsZero() {
		t.Errorf("%+v", l)
	}
	k.look("security_log")
	if n := k.count(`select count(*) from security_event`); n != 6 {
		t.Fatalf("a dry run left %d", n)
	}
	k.run()
	k.run()
	p := k.policy("security_log")
	if n := k.count(`select count(*) from security_event`); n != 3 || p.Last.Total != 3 || p.Last.Done != 0 || p.Last.At.IsZero() || p.Last.DoneAt.IsZero() || p.Last.DoneAt.After(p.Last.At) {
		t.Errorf("%d are left, %+v", n, p)
	}
	boom := errors.New("boom")
	if err := k.register.Do(t.Context(), func(context.Context, retention.Until) error { return boom }, "drafts"); !errors.Is(err, boom) || k.policy("drafts").Last.At.IsZero() {
		t.Errorf("%v", err)
	}
	if err := k.register.Do(t.Context(), func(context.Context, retention.Until) error { return nil }, "nothing"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// try is a dry run that works.
func (k *keeper) try(by journal.Actor, amount int) retention.Trial {
	k.t.Helper()
	trial, err := k.register.Try(k.t.Context(), by, "security_log", amount)
	if err != nil {
		k.t.Fatal(err)
	}
	return trial
}

// A shorter period takes effect once a dry run was looked at, and the first run takes what that counted and nothing else; the next one goes on.
func TestChange_TakesNoMoreThanItSaid(t *testing.T) {
	t.Parallel()
	k := open(t)
	k.events(0, 5, 7, 7, 11, 13)
	trial := k.try(k.ada, 6)
	if trial.Due != 4 || trial.DueNow != 1 || trial.Held != 0 || trial.Policy.Amount != 12 || k.count(`select count(*) from security_event`) != 6 || k.policy("security_log").Amount != 12 {
		t.Errorf("%+v", trial)
	}
	if p, there, err := k.register.Pending(t.Context(), k.ada, "security_log"); err != nil || !there || p.ID != trial.ID || p.Due != 4 || p.DueNow != 1 {
		t.Errorf("%+v, %t, %v", p, there, err)
	}
	k.Clock.Advance(50 * time.Minute)
	k.Behind(t, `insert into security_event (at, kind, network) values ($1, 'sign_in.unknown', '192.0.2.0/24')`, k.Clock.Now().AddDate(0, -6, 0).Add(-10*time.Minute)) // due by now, and not counted
	k.ada.FactorAt = k.Clock.Now()
	if key, err := k.register.Change(t.Context(), k.ada, trial.ID); err != nil || key != "security_log" {
		t.Fatal(key, err)
	}
	if l := k.look("security_log"); l.Due != 4 || l.Amount != 6 || l.ChangedAt.IsZero() {
		t.Errorf("%+v", l)
	}
	k.run()
	if n := k.count(`select count(*) from security_event`); n != 3 || k.policy("security_log").Last.Done != 4 {
		t.Errorf("%d are left after the first run", n)
	}
	k.run()
	if n := k.count(`select count(*) from security_event`); n != 2 {
		t.Errorf("%d are left after the second", n)
	}
	var body string
	if err := k.Connect(t, k.Superuser).QueryRow(t.Context(), `select body::jsonb ->> 'detail' from journal_entry where action = 'retention.changed' and person_id = $1`, k.ada.Person).Scan(&body); err != nil ||
		body != `{"to": 6, "due": 4, "from": 12, "held": 0, "unit": "month", "trial": "`+trial.ID.String()+`", "policy": "security_log"}` {
		t.Errorf("%s, %v", body, err)
	}
}

// A run that failed in the middle keeps to the dry run still when it is done again.
func TestChange_HoldsAfterAFailedRun(t *testing.T) {
	t.Parallel()
	k := open(t)
	trial := k.try(k.ada, 6)
	if _, err := k.register.Change(t.Context(), k.ada, trial.ID); err != nil {
		t.Fatal(err)
	}
	devices, err := k.register.Try(t.Context(), k.ada, "devices", 3)
	if err == nil {
		_, err = k.register.Change(t.Context(), k.ada, devices.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = k.register.Do(t.Context(), func(context.Context, retention.Until) error { return errors.New("boom") }, "security_log")
	if p := k.policy("security_log"); !p.Limit.Equal(trial.Until) {
		t.Errorf("limited to %v, want %v", p.Limit, trial.Until)
	}
	k.run()
	if p := k.policy("security_log"); !p.Limit.IsZero() {
		t.Errorf("limited to %v still", p.Limit)
	}
	if p := k.policy("devices"); !p.Limit.Equal(devices.Until) || !k.policy("security_log").Last.DoneAt.IsZero() {
		t.Errorf("the limit of another policy went: %+v; nothing was done, and it is told when: %+v", p, k.policy("security_log").Last)
	}
}

func TestTryAndChange_Refuse(t *testing.T) {
	t.Parallel()
	k := open(t)
	alan, auditor := k.Administrator(t, "alan"), k.ada
	auditor.Kind = journal.Auditor
	for what, x := range map[string]struct {
		by     journal.Actor
		key    string
		amount int
		want   error
	}{
		"shorter than the least": {k.ada, "security_log", 5, retention.ErrBounds}, "longer than the most": {k.ada, "security_log", 13, retention.ErrBounds}, "the same": {k.ada, "security_log", 12, retention.ErrBounds},
		"a legal term": {k.ada, "mandates", 5, retention.ErrBounds}, "unknown": {k.ada, "nothing", 5, db.ErrNotFound}, "an aidant": {k.Jeanne, "security_log", 6, org.ErrMayNot}, "as auditor": {auditor, "security_log", 6, org.ErrMayNot},
	} {
		if _, err := k.register.Try(t.Context(), x.by, x.key, x.amount); !errors.Is(err, x.want) {
			t.Errorf("try %s: %v, want %v", what, err, x.want)
		}
	}
	pending := func(by journal.Actor, key string, want uuid.UUID) {
		t.Helper()
		if got, there, err := k.register.Pending(t.Context(), by, key); err != nil || there != (want != uuid.Nil) || got.ID != want {
			t.Errorf("%s of %s: %+v, %t, %v, want %s", key, by.Person, got, there, err, want)
		}
	}
	trial := k.try(k.ada, 6)
	pending(k.ada, "security_log", trial.ID)
	pending(k.ada, "devices", uuid.Nil)
	pending(alan, "security_log", uuid.Nil)
	late := k.ada
	late.FactorAt = k.Clock.Now().Add(-org.FactorLife - time.Second)
	for what, x := range map[string]struct {
		by   journal.Actor
		id   uuid.UUID
		want error
	}{
		"who has not looked at it": {alan, trial.ID, retention.ErrTrial}, "no dry run": {k.ada, token.ID(), retention.ErrTrial}, "an old factor": {late, trial.ID, org.ErrFactorTooOld}, "an aidant": {k.Jeanne, trial.ID, org.ErrMayNot},
	} {
		if _, err := k.register.Change(t.Context(), x.by, x.id); !errors.Is(err, x.want) {
			t.Errorf("change by %s: %v, want %v", what, err, x.want)
		}
	}
	other := k.try(k.ada, 9)
	if _, err := k.register.Change(t.Context(), k.ada, trial.ID); err != nil {
		t.Fatal(err)
	}
	for what, id := range map[string]uuid.UUID{"twice": trial.ID, "after another change": other.ID} {
		if _, err := k.register.Change(t.Context(), k.ada, id); !errors.Is(err, retention.ErrTrial) {
			t.Errorf("change %s: %v", what, err)
		}
	}
	pending(k.ada, "security_log", uuid.Nil) // of what there was before
	old := k.try(k.ada, 12)
	pending(k.ada, "security_log", old.ID)
	k.Clock.Advance(retention.TrialLife)
	pending(k.ada, "security_log", uuid.Nil)
	k.ada.FactorAt = k.Clock.Now()
	if _, err := k.register.Change(t.Context(), k.ada, old.ID); !errors.Is(err, retention.ErrTrial) {
		t.Errorf("change an hour later: %v", err)
	}
	k.Clock.Advance(2 * retention.TrialLife)
	again := k.try(k.ada, 12) // which sweeps those of before, but for the one that a change names
	if n := k.count(`select count(*) from retention_trial where id in ($1, $2, $3)`, trial.ID, old.ID, again.ID); n != 2 || k.count(`select count(*) from retention_trial where id = $1`, old.ID) != 0 {
		t.Errorf("%d dry runs are left", n)
	}
	if n := k.count(`select count(*) from journal_entry where action = 'retention.changed'`); n != 1 || k.policy("security_log").Amount != 6 {
		t.Errorf("%d entries", n)
	}
}

// The database refuses too: a period outside its bounds, one that changes without entry or dry run, and bounds that change at all.
func TestTables_RefuseWhatHasNoEntry(t *testing.T) {
	t.Parallel()
	k := open(t)
	trial := k.try(k.ada, 6)
	for what, x := range map[string]struct {
		sql  string
		args []any
		code string
	}{
		"beyond its bounds":   {`update retention_policy set amount = 1 where key = 'security_log'`, nil, "23514"},
		"a legal term":        {`update retention_policy set amount = 5 where key = 'mandates'`, nil, "23514"},
		"without entry":       {`update retention_policy set amount = 6, changed_at = $2, changed_by = $3, trial = $1, cutoff = $4 where key = 'security_log'`, []any{trial.ID, k.Clock.Now(), k.ada.Person, trial.Until}, "23000"},
		"its bounds":          {`update retention_policy set least = 1 where key = 'security_log'`, nil, "42501"},
		"another policy":      {`insert into retention_policy (key, unit, least, most, amount) values ('x', 'day', 1, 1, 1)`, nil, "42501"},
		"a dry run made good": {`update retention_trial set due = 0`, nil, "42501"},
	} {
		err := k.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), x.sql, x.args...)
			return err
		})
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != x.code {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A hold on a citizen, or on everybody in an organisation, keeps what is about them out of every run, and is counted as such.
func TestHolds_StopRuns(t *testing.T) {
	t.Parallel()
	for _, everybody := range []bool{false, true} {
		k := open(t)
		m, free := k.Sign(t, k.Jeanne, fixture.Angela(), fixture.Tax), k.Sign(t, k.Ines, fixture.Citizen(3), fixture.Tax)
		now := k.Clock.Now()
		who := erasure.Who{Organisation: m.Organisation, Citizen: m.Citizen}
		if everybody {
			who.Citizen = uuid.Nil
		}
		hold, err := k.erasures.MakeHold(t.Context(), k.ada, who, "litigation", now.AddDate(1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range []uuid.UUID{m.Citizen, free.Citizen} {
			organisation := map[uuid.UUID]uuid.UUID{m.Citizen: m.Organisation, free.Citizen: free.Organisation}[of]
			k.Behind(t, `insert into citizen_mails_link (token_hash, organisation_id, citizen_id, made_at) values ($1, $2, $3, $4)`, token.Bytes(32), organisation, of, now.Add(-citizen.LinkLife-time.Minute))
		}
		mails := citizen.NewMails(k.DB, k.Journal, nil, k.Clock)
		purge := func() {
			t.Helper()
			if err := k.register.Do(t.Context(), func(ctx context.Context, _ retention.Until) error { return mails.Purge(ctx) }, "mail_links"); err != nil {
				t.Fatal(err)
			}
		}
		if l := k.look("mail_links"); l.Due != 1 || l.Held != 1 {
			t.Errorf("everybody %v: %+v", everybody, l)
		}
		purge()
		if p := k.policy("mail_links"); p.Last.Done != 1 || p.Last.Held != 1 || k.count(`select count(*) from citizen_mails_link where citizen_id = $1`, m.Citizen) != 1 {
			t.Errorf("everybody %v: %+v", everybody, p)
		}
		if err := k.erasures.Release(t.Context(), k.ada, hold.ID, "over"); err != nil {
			t.Fatal(err)
		}
		purge()
		if p := k.policy("mail_links"); p.Last.Done != 1 || p.Last.Held != 0 || p.Last.Total != 2 {
			t.Errorf("released: %+v", p)
		}
	}
}

// Citizens whose time is over are erased once their entries are in the log's tree, and one who cannot be keeps no other.
func TestErase(t *testing.T) {
	t.Parallel()
	k := open(t)
	log := treetest.Integrator(t, tree.IntegratorOptions{DB: k.DB, Clock: k.Clock})
	for n := range 3 {
		m := k.Sign(t, k.Jeanne, fixture.Citizen(n), fixture.Tax)
		if err := k.Mandates.End(t.Context(), k.Jeanne, m.ID, "citizen"); err != nil {
			t.Fatal(err)
		}
	}
	k.Clock.Advance(time.Until(time.Now().AddDate(erasure.Years, 0, 1)))
	left := func(want int) {
		t.Helper()
		if n := k.count(`select count(*) from citizen`); n != want {
			t.Errorf("%d citizens are left, want %d", n, want)
		}
	}
	if err := k.register.Erase(t.Context(), nil); err != nil { // nothing is in the tree yet
		t.Error(err)
	}
	left(3)
	if err := log.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	var first uuid.UUID
	conn := k.Connect(t, k.Superuser)
	err := conn.QueryRow(t.Context(), `select id from citizen order by id limit 1`).Scan(&first)
	if err == nil {
		_, err = conn.Exec(t.Context(), `create function breaks() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
			create trigger breaks before delete on citizen for each row when (old.id = '`+first.String()+`') execute function breaks()`)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := k.register.Erase(t.Context(), nil); err == nil {
		t.Error("one could not be erased, and nobody is told")
	}
	left(1)
}
