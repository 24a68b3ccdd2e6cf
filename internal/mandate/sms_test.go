package mandate_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/draft"
	"mandat/internal/evidence"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/procedure"
)

const angelas = "+33639980010"

// distant is a draft for somebody whom the organisation knows, and who is asked by SMS.
type distant struct {
	*fixture.Telephone
	t     *testing.T
	phone uuid.UUID
	draft uuid.UUID
	low   []string // procedures for which it is enough to know somebody
}

func newDistant(t *testing.T) *distant {
	t.Helper()
	d := &distant{Telephone: fixture.New(t).Telephone(t), t: t}
	for _, theme := range d.Catalogue.Themes() {
		for _, p := range theme.Procedures {
			if p.Identity == procedure.Known && p.Offers(procedure.Act) {
				d.low = append(d.low, p.Key)
			}
		}
	}
	who := d.World.Sign(t, d.Jeanne, fixture.Angela(), fixture.Tax).Citizen
	d.phone = d.Verify(t, d.Jeanne, who, angelas).ID
	d.Clock.Advance(time.Minute)
	x, err := d.Drafts.Start(t.Context(), d.Jeanne, fixture.Terms(d.low[0]))
	if err == nil {
		err = d.Drafts.Recognise(t.Context(), d.Jeanne, x.ID, who)
	}
	if err != nil {
		t.Fatal(err)
	}
	d.draft = x.ID
	return d
}

// recognise puts the citizen into the draft again.
func (d *distant) recognise() {
	d.t.Helper()
	var who uuid.UUID
	err := d.Connect(d.t, d.Superuser).QueryRow(d.t.Context(), `select id from citizen where organisation_id = $1`, d.Here).Scan(&who)
	if err == nil {
		err = d.Drafts.Recognise(d.t.Context(), d.Jeanne, d.draft, who)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// ask asks the citizen about the draft as it is now.
func (d *distant) ask() uuid.UUID {
	d.t.Helper()
	q, err := d.Mandates.PrepareConsent(d.t.Context(), d.Jeanne, d.draft, "fr")
	if err != nil {
		d.t.Fatal(err)
	}
	q.Phone = d.phone
	id, err := d.Consents.Start(d.t.Context(), d.Jeanne, q)
	if err != nil {
		d.t.Fatal(err)
	}
	d.Send(d.t, id)
	return id
}

func (d *distant) sign() (mandate.Mandate, error) {
	d.t.Helper()
	by := d.Jeanne
	by.FactorAt = d.Clock.Now()
	return d.Mandates.Sign(d.t.Context(), by, d.draft, d.Agreed(d.t, by, d.draft))
}

// An answer from a number verified earlier is a proof, once, and for what was asked.
func TestSMS_TheAnswerIsTheProof(t *testing.T) {
	t.Parallel()
	d := newDistant(t)
	asked := d.ask()
	if _, err := d.sign(); !errors.Is(err, mandate.ErrNoProof) {
		t.Errorf("before the answer: %v", err)
	}
	d.Answer(t, asked, angelas, "oui mais attendez")
	if _, err := d.sign(); !errors.Is(err, mandate.ErrNoProof) {
		t.Errorf("after an unclear answer: %v", err)
	}
	if err := d.Consents.Answer(t.Context(), d.Message(t, asked, "again"), angelas, "Oui, merci !"); err != nil {
		t.Fatal(err)
	}
	m, err := d.sign()
	if err != nil {
		t.Fatal(err)
	}
	if m.ConsentBy != mandate.ConsentSMS || m.IdentifiedBy != draft.ByAcquaintance {
		t.Errorf("signed %+v", m)
	}
	if n := tally(t, d.World, `select count(*) from consent where state = 'used' and mandate_id = $1`, m.ID); n != 1 {
		t.Error("the answer can be used again")
	}
	d.Content(t)
}

// What was sent and what came back is evidence, byte for byte, with the times; and the aidant's key signs it.
func TestSMS_IsEvidence(t *testing.T) {
	t.Parallel()
	for want, sent := range map[string]bool{"recap recap request again answer ": true, "recap recap request answer ": false} {
		d := newDistant(t)
		k := deskOf(t, d.World)
		asked := d.ask()
		d.Answer(t, asked, angelas, "oui mais attendez")
		if sent { // that we did not understand
			d.Send(t, asked)
		}
		if err := d.Consents.Answer(t.Context(), d.Message(t, asked, "again"), angelas, "Oui, merci !"); err != nil {
			t.Fatal(err)
		}
		a := k.answer(t, d.draft, d.Agreed(t, d.Jeanne, d.draft))
		d.Send(t, asked) // what confirms the answer leaves while the aidant signs
		m, err := k.mandates.Sign(t.Context(), k.jeanne, d.draft, a)
		if err != nil {
			t.Fatal(err)
		}
		data, err := k.mandates.Evidence(t.Context(), d.Jeanne, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		r, err := evidence.Verify(data)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.exchanged(r.File); got != want {
			t.Errorf("the file has %s, want %s", got, want)
		}
		if o := r.File.Circumstances; o.AskedAt == nil || o.ShownAt == nil || o.AnsweredAt == nil || o.AnsweredAt.Before(*o.AskedAt) || o.ShownAt.After(*o.AnsweredAt) {
			t.Errorf("asked %v, shown %v, answered %v", o.AskedAt, o.ShownAt, o.AnsweredAt)
		}
		if n := strings.Count(fmt.Sprint(r.Proven), ", sms, "); n != strings.Count(want, " ") {
			t.Errorf("the key signed %d of %s", n, want)
		}
		if err := r.Fits([]byte(body(t, d.World, "mandate.signed"))); err != nil {
			t.Error(err)
		}
		d.Content(t)
	}
}

// exchanged lists the messages of a file, and compares them with what went over the air.
func (d *distant) exchanged(f evidence.File) (kinds string) {
	d.t.Helper()
	var sent []string
	for _, message := range d.Box.To(angelas) {
		sent = append(sent, message.Text)
	}
	for _, text := range f.Texts {
		if text.Form != evidence.SMS {
			continue
		}
		kinds += text.Template + " "
		if text.Template == evidence.Answer && string(text.Bytes) != "Oui, merci !" || text.Template != evidence.Answer && !slices.Contains(sent, string(text.Bytes)) {
			d.t.Errorf("%s: %q is not what was sent: %q", text.Template, text.Bytes, sent)
		}
	}
	return kinds
}

// What they said yes to is what is signed, or it is no proof.
func TestSMS_IsForWhatWasAsked(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*distant) error{
		"they said no": func(d *distant) error {
			d.Answer(d.t, d.ask(), angelas, "non")
			return nil
		},
		"other terms": func(d *distant) error {
			d.Answer(d.t, d.ask(), angelas, "oui")
			if err := d.Drafts.Change(d.t.Context(), d.Jeanne, d.draft, fixture.Terms(d.low[1])); err != nil {
				return err
			}
			who := uuid.Nil
			if err := d.Connect(d.t, d.Superuser).QueryRow(d.t.Context(), `select id from citizen where organisation_id = $1`, d.Here).Scan(&who); err != nil {
				return err
			}
			return d.Drafts.Recognise(d.t.Context(), d.Jeanne, d.draft, who)
		},
		"the next day": func(d *distant) error {
			d.Answer(d.t, d.ask(), angelas, "oui")
			now := d.Clock.Now()
			tomorrow := time.Date(now.Year(), now.Month(), now.Day()+1, 0, 30, 0, 0, time.UTC)
			d.Clock.Advance(tomorrow.Sub(now))
			d.Behind(d.t, `update mandate_draft set identified_at = $1, expires_at = $2 where state = 'identified'`, d.Clock.Now(), d.Clock.Now().Add(time.Hour))
			d.Behind(d.t, `update consent set expires_at = $1`, d.Clock.Now().Add(time.Hour))
			return nil
		},
		"withdrawn": func(d *distant) error {
			asked := d.ask()
			d.Answer(d.t, asked, angelas, "oui")
			d.Answer(d.t, asked, angelas, "non")
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDistant(t)
			if err := change(d); err != nil {
				t.Fatal(err)
			}
			if _, err := d.sign(); !errors.Is(err, mandate.ErrNoProof) {
				t.Errorf("signed: %v", err)
			}
		})
	}
}

// What somebody agreed to, with their files, is sent to nobody else who is recognised in the draft of a renewal.
func TestSMS_TellsNobodyElseWhatIsRenewed(t *testing.T) {
	t.Parallel()
	d := newDistant(t)
	x := fixture.Terms(d.low[0])
	x.Powers[0].Case = "FILE-OF-BERNARD-77"
	drawn, err := d.Drafts.Start(t.Context(), d.Jeanne, x)
	if err == nil {
		err = d.Drafts.Identify(t.Context(), d.Jeanne, drawn.ID, fixture.Citizen(1), d.Clock.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	old, err := d.Mandates.Sign(t.Context(), d.Jeanne, drawn.ID, d.Agreed(t, d.Jeanne, drawn.ID))
	if err != nil {
		t.Fatal(err)
	}
	renewal, err := d.Mandates.Renew(t.Context(), d.Jeanne, old.ID, []int{0}, 31, fixture.Terms())
	var angela uuid.UUID
	if err == nil {
		err = d.Connect(t, d.Superuser).QueryRow(t.Context(), `select citizen_id from phone where id = $1`, d.phone).Scan(&angela)
	}
	if err == nil {
		err = d.Drafts.Recognise(t.Context(), d.Jeanne, renewal.ID, angela)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Mandates.PrepareConsent(t.Context(), d.Jeanne, renewal.ID, "fr"); !errors.Is(err, mandate.ErrOtherCitizen) {
		t.Errorf("somebody else is asked about it: %v", err)
	}
}

// What an aidant types as the reference of a file is no sentence of ours: it is refused, and what is taken stands in quotation marks.
func TestSMS_QuotesTheReferenceOfAFile(t *testing.T) {
	t.Parallel()
	d := newDistant(t)
	for _, ref := range []string{"7. Pour confirmer votre rendez-vous du 25/11 répondez OUI", "7 (consulter seulement), jusqu'au 30 novembre 2026. Merci", "7 », et tout le reste «", "ÉT12\u3164"} {
		x := fixture.Terms(d.low[0])
		x.Powers[0].Case = ref
		if err := d.Drafts.Change(t.Context(), d.Jeanne, d.draft, x); !errors.Is(err, draft.ErrTerms) {
			t.Errorf("%q: %v", ref, err)
		}
	}
	x := fixture.Terms(d.low[0])
	x.Powers[0].Case = "Avis d'impôt 2025"
	if err := d.Drafts.Change(t.Context(), d.Jeanne, d.draft, x); err != nil {
		t.Fatal(err)
	}
	d.recognise()
	d.ask()
	if said := d.Box.To(angelas); !strings.Contains(said[len(said)-2].Text, ", dossier « Avis d'impôt 2025 », ") {
		t.Errorf("sent %q", said[len(said)-2].Text)
	}
}

// Who answers after the mandate was signed otherwise is told that it is, and how to end it; what they were asked is not refused beside it.
func TestSMS_AnswersWhatIsSignedTooLate(t *testing.T) {
	t.Parallel()
	d := newDistant(t)
	asked := d.ask()
	d.Witness(t, d.Paul, d.draft)
	if m, err := d.sign(); err != nil || m.ConsentBy != mandate.ConsentColleague {
		t.Fatalf("%s, %v", m.ConsentBy, err)
	}
	d.Answer(t, asked, angelas, "non")
	d.Send(t, asked)
	if said := d.Box.To(angelas); !strings.Contains(said[len(said)-1].Text, "Ce mandat a déjà été signé") {
		t.Errorf("told %q", said[len(said)-1].Text)
	}
	if n := tally(t, d.World, `select count(*) from consent where state = 'no'`); n != 0 {
		t.Error("a refusal stands beside the signature")
	}
}

func TestSMS_IsForWhomTheAidantRecognised(t *testing.T) {
	t.Parallel()
	d := newDistant(t)
	open, err := d.Drafts.Start(t.Context(), d.Jeanne, fixture.Terms(d.low[0]))
	if err != nil {
		t.Fatal(err)
	}
	told := d.Draft(t, d.Jeanne, fixture.Citizen(1), fixture.Tax)
	for what, x := range map[string]struct {
		id   uuid.UUID
		want error
	}{"nobody": {open.ID, draft.ErrState}, "FranceConnect told": {told, draft.ErrState}} {
		if _, err := d.Mandates.PrepareConsent(t.Context(), d.Jeanne, x.id, "fr"); !errors.Is(err, x.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := d.Mandates.PrepareConsent(t.Context(), d.Paul, d.draft, "fr"); !errors.Is(err, draft.ErrNotOwn) {
		t.Errorf("a colleague's: %v", err)
	}
}
