package mandate_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// move is a mandate that Angela gave Jeanne's organisation, and of which she shows Ines, of another, the paper.
type move struct {
	*fixture.World
	t   *testing.T
	old mandate.Mandate
}

func newMove(t *testing.T) *move {
	t.Helper()
	w := fixture.New(t)
	return &move{World: w, t: t, old: w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)}
}

// offer is the old mandate's paper shown to somebody.
func (m *move) offer(by journal.Actor) string {
	m.t.Helper()
	o, err := m.Mandates.Offer(by, m.old)
	if err != nil {
		m.t.Fatal(err)
	}
	return o
}

// begin begins the draft that transfers the old mandate, for somebody.
func (m *move) begin(who citizen.Identity, change func(*terms.Terms)) uuid.UUID {
	m.t.Helper()
	x := fixture.Terms(fixture.Tax)
	if change != nil {
		change(&x)
	}
	d, err := m.Mandates.StartTransfer(m.t.Context(), m.Ines, m.offer(m.Ines), x)
	if err == nil {
		err = m.Drafts.Identify(m.t.Context(), m.Ines, d.ID, who, m.Clock.Now())
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return d.ID
}

func (m *move) sign(id uuid.UUID) (mandate.Mandate, error) {
	m.t.Helper()
	return m.Mandates.Sign(m.t.Context(), m.Ines, id, m.Agreed(m.t, m.Ines, id))
}

// signed is the new mandate.
func (m *move) signed(who citizen.Identity, change func(*terms.Terms)) mandate.Mandate {
	m.t.Helper()
	n, err := m.sign(m.begin(who, change))
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

// end does the job that the signature asked for.
func (m *move) end(n mandate.Mandate) {
	m.t.Helper()
	if err := m.Mandates.EndTransferred(m.t.Context(), n.ID); err != nil {
		m.t.Fatal(err)
	}
}

// state is what has become of the old mandate, and how many entries say that it ended.
func (m *move) state() (state, reason string, entries int) {
	m.t.Helper()
	m.count(&entries, `select count(*) from journal_entry where action = 'mandate.ended' and mandate_id = $1`, m.old.ID)
	found, err := m.Mandates.Consult(m.t.Context(), m.Jeanne, m.old.ID, mandate.PageMandate)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, p := range found.Powers {
		if p.State != found.State {
			m.t.Errorf("the mandate is %s, its power %s is %s", found.State, p.Procedure, p.State)
		}
	}
	return found.State, found.EndReason, entries
}

func (m *move) count(n any, sql string, args ...any) {
	m.t.Helper()
	err := m.DB.Read(m.t.Context(), db.System(), func(tx pgx.Tx) error { return tx.QueryRow(m.t.Context(), sql, args...).Scan(n) })
	if err != nil {
		m.t.Fatal(err)
	}
}

// wanted is how many jobs to end an old mandate are asked for.
func (m *move) wanted(n mandate.Mandate) (jobs int) {
	m.t.Helper()
	m.count(&jobs, `select count(*) from river_job where args @> jsonb_build_object('name', $1::text, 'id', $2::text)`, mandate.TransferJob, n.ID.String())
	return jobs
}

func (m *move) stands() {
	m.t.Helper()
	if state, _, entries := m.state(); state != mandate.Standing || entries != 0 {
		m.t.Errorf("the old mandate is %s, with %d entries of its end", state, entries)
	}
}

func TestTransfer_EndsTheOtherOrganisationsMandate(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	var told []org.Message
	m.Mandates = m.Mandates.Telling(func(_ *db.Tx, _ time.Time, x org.Message) error { told = append(told, x); return nil })
	o, err := m.Mandates.Offered(t.Context(), m.Ines, m.offer(m.Ines))
	if err != nil || o.Mandate != m.old.ID || o.Organisation != m.old.Terms.Organisation.Name || !o.SignedAt.Equal(m.old.SignedAt) || !o.EndsAt.Equal(m.old.EndsAt) || len(o.Powers) != 2 {
		t.Fatalf("offered %+v, %v", o, err)
	}
	n := m.signed(fixture.Angela(), nil)
	if x := n.Terms.Transfers; x == nil || x.Mandate != m.old.ID || x.Organisation != m.old.Terms.Organisation.Name || !x.SignedAt.Equal(m.old.SignedAt) || n.Transfers != m.old.ID {
		t.Errorf("the terms say %+v", x)
	}
	m.stands()
	if got := m.wanted(n); got != 1 {
		t.Fatalf("%d jobs", got)
	}
	told = nil
	m.end(n)
	m.end(n)
	if state, reason, entries := m.state(); state != mandate.Ended || reason != "transferred" || entries != 1 {
		t.Errorf("the old one is %s for %q, with %d entries", state, reason, entries)
	}
	if _, err := mayAct(t, m.World, m.Jeanne, m.old, fixture.Tax); !errors.Is(err, mandate.ErrNoPower) {
		t.Errorf("the organisation before may still act: %v", err)
	}
	if _, err := mayAct(t, m.World, m.Ines, n, fixture.Tax); err != nil {
		t.Errorf("the new one may not: %v", err)
	}
	if len(told) != 1 || told[0].Kind != "mandate_ended" || told[0].Citizen != m.old.Citizen || told[0].Mandate != m.old.ID {
		t.Errorf("the citizen was told %+v", told)
	}
	var of uuid.UUID
	var body string
	m.count(&of, `select organisation_id from journal_entry where action = 'mandate.ended' and mandate_id = $1 and person_id is null`, m.old.ID)
	m.count(&body, `select body from journal_entry where action = 'mandate.ended' and mandate_id = $1`, m.old.ID)
	if of != m.Here || strings.Contains(body, n.ID.String()) || strings.Contains(body, m.Elsewhere.String()) || strings.Contains(body, n.Citizen.String()) {
		t.Errorf("the entry of organisation %s says %s", of, body)
	}
	m.count(&body, `select body from journal_entry where action = 'mandate.signed' and mandate_id = $1`, n.ID)
	if !strings.Contains(body, `"transfers":"`+m.old.ID.String()+`"`) {
		t.Errorf("the entry of the signature says %s", body)
	}
	m.Content(t)
}

// The job is done by the runner, in the program's name.
func TestTransfer_IsAJob(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	n := m.signed(fixture.Angela(), nil)
	kind := m.Mandates.Transfers()
	if err := kind.Work(t.Context(), n.ID, false); kind.Name != mandate.TransferJob || err != nil {
		t.Fatal(kind.Name, err)
	}
	if _, reason, _ := m.state(); reason != "transferred" {
		t.Error(reason)
	}
}

// identify tells who the citizen of a draft is: FranceConnect, or a document that a colleague sees too.
func (m *move) identify(by, colleague journal.Actor, id uuid.UUID, who citizen.Identity, document bool) {
	m.t.Helper()
	if !document {
		if err := m.Drafts.Identify(m.t.Context(), by, id, who, m.Clock.Now()); err != nil {
			m.t.Fatal(err)
		}
		return
	}
	m.read(by, id, who)
	m.Witness(m.t, colleague, id)
}

func (m *move) read(by journal.Actor, id uuid.UUID, who citizen.Identity) {
	m.t.Helper()
	if err := m.Drafts.ReadDocument(m.t.Context(), by, id, who, "passport", draft.Who{}); err != nil {
		m.t.Fatal(err)
	}
}

// Whom a document told, here or there, is the same by birth name, first names and birth date.
func TestTransfer_IsForWhoGaveIt(t *testing.T) {
	t.Parallel()
	shouted, cousin, homonym := fixture.Angela(), fixture.Angela(), fixture.Angela()
	shouted.FamilyName, shouted.GivenName = strings.ToUpper(shouted.FamilyName), strings.ToUpper(shouted.GivenName)
	cousin.GivenName = "Berthe"
	homonym.Sub = "somebody-else"
	born := func(i citizen.Identity, town string) citizen.Identity { i.BornTown = town; return i }
	in := func(country string) citizen.Identity {
		i := born(fixture.Angela(), "San José")
		i.BornCountry = country
		return i
	}
	for name, c := range map[string]struct {
		old, now bool // told by a document
		gave     citizen.Identity
		comes    citizen.Identity
		want     error
	}{
		"the same sub":                            {false, false, fixture.Angela(), fixture.Angela(), nil},
		"another sub of the same name":            {false, false, fixture.Angela(), homonym, mandate.ErrOtherCitizen},
		"somebody else":                           {false, false, fixture.Angela(), fixture.Citizen(7), mandate.ErrOtherCitizen},
		"FranceConnect there, a document here":    {false, true, fixture.Angela(), shouted, nil},
		"FranceConnect there, another's document": {false, true, fixture.Angela(), cousin, mandate.ErrOtherCitizen},
		"a document there, FranceConnect here":    {true, false, shouted, fixture.Angela(), nil},
		"another's document there":                {true, false, cousin, fixture.Angela(), mandate.ErrOtherCitizen},
		"documents in both":                       {true, true, fixture.Angela(), born(shouted, "Nantes"), nil},
		"documents with birth places":             {true, true, born(fixture.Angela(), "Nantes"), born(shouted, "NANTES"), nil},
		"documents of two birth places":           {true, true, born(fixture.Angela(), "Nantes"), born(fixture.Angela(), "Lyon"), mandate.ErrOtherCitizen},
		"documents of one country":                {true, true, in("Costa Rica"), in("COSTA-RICA"), nil},
		"documents, one without a country":        {true, true, in("Costa Rica"), in(""), nil},
		"documents of two countries":              {true, true, in("Costa Rica"), in("Philippines"), mandate.ErrOtherCitizen},
		"documents of two people":                 {true, true, fixture.Angela(), cousin, mandate.ErrOtherCitizen},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			m, here, there := &move{World: w, t: t}, w.Paul, w.Aidant(t, w.Elsewhere, "noe")
			x := fixture.Terms(pick(t, w, func(p procedure.Procedure) bool { return p.Identity == procedure.Witnessed && p.Offers(procedure.Act) }).Key)
			d, err := w.Drafts.Start(t.Context(), w.Jeanne, x)
			if err != nil {
				t.Fatal(err)
			}
			m.identify(w.Jeanne, here, d.ID, c.gave, c.old)
			if m.old, err = w.Mandates.Sign(t.Context(), w.Jeanne, d.ID, w.Agreed(t, w.Jeanne, d.ID)); err != nil {
				t.Fatal(err)
			}
			if d, err = w.Mandates.StartTransfer(t.Context(), w.Ines, m.offer(w.Ines), x); err != nil {
				t.Fatal(err)
			}
			var n mandate.Mandate
			if c.now && c.want != nil { // the colleague is not even shown them
				m.read(w.Ines, d.ID, c.comes)
				_, _, err = w.Mandates.ForWitness(t.Context(), there, d.ID)
			} else {
				m.identify(w.Ines, there, d.ID, c.comes, c.now)
				n, err = m.sign(d.ID)
			}
			if !errors.Is(err, c.want) || err == nil != (c.want == nil) {
				t.Fatalf("signed: %v, want %v", err, c.want)
			}
			if err == nil {
				m.end(n)
				if _, reason, _ := m.state(); reason != "transferred" {
					t.Errorf("ended for %q", reason)
				}
			} else {
				m.stands()
			}
			m.Content(t)
		})
	}
}

// What was not shown, was shown to somebody else, in another session, too long ago, or is the organisation's own, begins nothing.
func TestTransfer_IsOfWhatWasShown(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	if _, err := m.Mandates.Offer(m.Paul, m.old); !errors.Is(err, mandate.ErrOwn) {
		t.Errorf("the organisation's own: %v", err)
	}
	noe, later, of := m.Aidant(t, m.Elsewhere, "noe"), m.Ines, m.Ines
	later.Session = []byte("another session, another session")
	of.Organisation = m.Here
	offer := m.offer(m.Ines)
	try := func(what string, by journal.Actor, offer string, want error) {
		t.Helper()
		if _, err := m.Mandates.StartTransfer(t.Context(), by, offer, fixture.Terms(fixture.Tax)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	try("a colleague's", noe, offer, mandate.ErrOffer)
	try("of another session", later, offer, mandate.ErrOffer)
	try("for another organisation", of, offer, mandate.ErrOffer)
	try("an id", m.Ines, m.old.ID.String(), mandate.ErrOffer)
	try("nothing", m.Ines, "", mandate.ErrOffer)
	if words, err := m.Mandates.SealWords(m.Ines, m.old.ID.String()+" "+m.Clock.Now().UTC().Format(time.RFC3339)); err != nil {
		t.Fatal(err)
	} else {
		try("typed into a search", m.Ines, words, mandate.ErrOffer)
	}
	m.Clock.Advance(time.Hour + 2*time.Second)
	try("too long ago", m.Ines, offer, mandate.ErrOffer)
	offer = m.offer(m.Ines)
	m.Jeanne.FactorAt = m.Clock.Now()
	if err := m.Mandates.End(t.Context(), m.Jeanne, m.old.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	try("ended since", m.Ines, offer, mandate.ErrEnded)
}

// A citizen who changes their mind gives nothing up; nor does one who has not signed.
func TestTransfer_NothingEndsBeforeTheSignature(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	id := m.begin(fixture.Angela(), nil)
	if d, err := m.Drafts.Find(t.Context(), m.Ines, id); err != nil || d.Transfers == nil || d.Transfers.Organisation != m.old.Terms.Organisation.Name {
		t.Errorf("the draft says %+v, %v", d.Transfers, err)
	}
	noe := m.Aidant(t, m.Elsewhere, "noe")
	if d, err := m.Drafts.Find(t.Context(), noe, id); err != nil || d.Transfers == nil || d.Transfers.Mandate != m.old.ID {
		t.Errorf("a colleague reads %+v, %v", d.Transfers, err)
	}
	if err := m.Drafts.Abandon(t.Context(), m.Ines, id); err != nil {
		t.Fatal(err)
	}
	var left int
	m.count(&left, `select count(*) from mandate_draft where id = $1 and transfers_from is not null`, id)
	if left != 0 {
		t.Error("an abandoned draft still says whose mandate it was")
	}
	if err := m.Mandates.EndTransferred(t.Context(), id); err != nil {
		t.Error(err)
	}
	m.stands()
}

// A mandate that ended between the draft and the signature is transferred all the same, and ends once.
func TestTransfer_OfWhatEndedMeanwhile(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	id := m.begin(fixture.Angela(), nil)
	if err := m.Mandates.End(t.Context(), m.Jeanne, m.old.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	n, err := m.sign(id)
	if err != nil {
		t.Fatal(err)
	}
	m.end(n)
	if state, reason, entries := m.state(); state != mandate.Ended || reason != "citizen" || entries != 1 {
		t.Errorf("%s, %s, %d entries", state, reason, entries)
	}
	m.Content(t)
}

// Of the transfer and an end in the organisation one is done, and the other finds that there is nothing left to end.
func TestTransfer_RacesAnEnd(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	n := m.signed(fixture.Angela(), nil)
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			if err := m.Mandates.EndTransferred(t.Context(), n.ID); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Go(func() {
		if err := m.Mandates.End(t.Context(), m.Jeanne, m.old.ID, "citizen"); err != nil && !errors.Is(err, mandate.ErrEnded) {
			t.Error(err)
		}
	})
	wait.Wait()
	if state, reason, entries := m.state(); state != mandate.Ended || entries != 1 || reason != "citizen" && reason != "transferred" {
		t.Errorf("%s, %s, %d entries", state, reason, entries)
	}
	m.Content(t)
}

// A mandate for later ends the other when it begins, and never if it ends before.
func TestTransfer_ForLater(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	later := func(x *terms.Terms) { x.From = terms.DayOf(m.Clock.Now()).AddDate(0, 0, 3) }
	never := m.signed(fixture.Angela(), later)
	if err := m.Mandates.End(t.Context(), m.Ines, never.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	n := m.signed(fixture.Angela(), later)
	m.end(never)
	m.end(n)
	m.stands()
	if got := m.wanted(n); got != 0 {
		t.Errorf("%d jobs before it begins", got)
	}
	m.Clock.Advance(4 * 24 * time.Hour)
	if _, err := m.Mandates.StartDue(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if m.wanted(n) != 1 || m.wanted(never) != 0 {
		t.Errorf("%d and %d jobs", m.wanted(n), m.wanted(never))
	}
	m.end(never)
	m.stands()
	m.end(n)
	if state, reason, entries := m.state(); state != mandate.Ended || reason != "transferred" || entries != 1 {
		t.Errorf("%s, %s, %d entries", state, reason, entries)
	}
	m.Content(t)
}

// The organisation's limits hold, an answer by SMS is no proof, and the terms may be changed without losing what they transfer.
func TestTransfer_IsAMandateAsAnyOther(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	id := m.begin(fixture.Angela(), nil)
	if err := m.Drafts.Change(t.Context(), m.Ines, id, fixture.Terms(fixture.Housing)); err != nil {
		t.Fatal(err)
	}
	if err := m.Drafts.Identify(t.Context(), m.Ines, id, fixture.Angela(), m.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	n, err := m.sign(id)
	if err != nil || n.Transfers != m.old.ID || len(n.Powers) != 1 || n.Powers[0].Procedure != fixture.Housing {
		t.Errorf("signed %+v, %v", n, err)
	}
	if mandate.SlightTransfer(fixture.Terms(fixture.Tax)) {
		t.Error("an SMS is proof enough that another organisation's mandate ends")
	}
}

// Whose mandate a draft transfers is told for drafts of one's own organisation, and of no mandate of one's own.
func TestTransfer_TellsOfOnesOwnDrafts(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	id := m.begin(fixture.Angela(), nil)
	for organisation, want := range map[uuid.UUID]int{m.Here: 0, m.Elsewhere: 1} {
		var got int
		err := m.DB.Read(t.Context(), db.InOrganisation(organisation), func(tx pgx.Tx) error {
			return tx.QueryRow(t.Context(), `select count(*) from mandate_draft_giver($1)`, id).Scan(&got)
		})
		if err != nil || got != want {
			t.Errorf("%d rows, want %d: %v", got, want, err)
		}
	}
	d, err := m.Drafts.StartTransfer(t.Context(), m.Jeanne, fixture.Terms(fixture.Tax), terms.Transferred{Mandate: m.old.ID, Organisation: "x", SignedAt: m.old.SignedAt})
	if err == nil {
		err = m.Drafts.Identify(t.Context(), m.Jeanne, d.ID, fixture.Angela(), m.Clock.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Mandates.Sign(t.Context(), m.Jeanne, d.ID, m.Agreed(t, m.Jeanne, d.ID)); !errors.Is(err, mandate.ErrOwn) {
		t.Errorf("one of the organisation's own: %v", err)
	}
}

// A mandate whose time was over before it could begin ends no other.
func TestTransfer_ToWhatNeverBegan(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	n := m.signed(fixture.Angela(), func(x *terms.Terms) {
		first := terms.DayOf(m.Clock.Now()).AddDate(0, 0, 3)
		x.From, x.Days, x.Until = first, 0, first
	})
	m.Clock.Advance(10 * 24 * time.Hour)
	if _, err := m.Mandates.StartDue(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if got := m.wanted(n); got != 0 {
		t.Errorf("%d jobs", got)
	}
	m.stands()
}
