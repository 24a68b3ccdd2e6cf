package app_test

import (
	"bytes"
	"context"
	"net/url"
	"regexp"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"mandat/internal/app"
	"mandat/internal/apptest"
	"mandat/internal/consent"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/verify"
	"mandat/internal/phone"
	"mandat/internal/sms"
	"mandat/internal/token"
	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

// ofMarked is what the marked citizen is found by: names, address, birth date, telephone; and what was typed about them.
var ofMarked = []string{marked["family name"], marked["given name"], marked["usage name"], marked["e-mail"], marked["birth date"], "ZZNOTE-DE-MARQUE", "+33639980077", "ZZREPONSE"}

// found before an erasure, by who has a dump and all keys: everything that holds a word of a citizen.
var whereMarked = []string{"attestation.document", "attestation.words", "citizen.identity", "consent.answer", "consent_message.text", "mandate.terms", "mandate_draft.identity",
	"mandate_evidence.sealed", "phone.number", "report_account.account"}

// Whoever has a dump of the database, the key-encryption key and every key that it ever opened finds a citizen's words in all these places before the
// erasure, and in none after. What was signed before stays proven, and others have what they had.
func TestErasure_LeavesNothing(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	m := tellOfMarked(t, site)
	other := site.Sign(t, site.Paul, fixture.Citizen(1), fixture.Tax)
	must(t, site.App.CatchUp(t.Context()))
	f := &thief{}
	f.steal(t, site)
	if got := f.find(t, dump(t, site), ofMarked); !slices.Equal(got, whereMarked) {
		t.Errorf("before: found in %q, want %q", got, whereMarked)
	}
	before := evidenceOf(t, site, 1)
	const toDecoys = `update receipt_status set mandate_id = null, procedure = null, case_ref = null, audience = null, decoy_ends_at = created_at where mandate_id is not null`
	if _, err := site.Connect(t, site.World.App).Exec(t.Context(), `set mandat.system = 'on'; `+toDecoys); err == nil {
		t.Error("places of receipts became decoys without an erasure")
	}
	places := site.Number(t, `select count(*) from receipt_status where mandate_id = $1`, m.ID)

	reg := erasures(t, site, nil)
	who := erasure.Who{Organisation: m.Organisation, Citizen: m.Citizen}
	site.Clock.Advance(time.Until(time.Now().AddDate(erasure.Years, 0, 1)))
	must(t, site.App.CatchUp(t.Context()))
	done, err := reg.Erase(t.Context(), who, erasure.Term)
	must(t, err)
	if done.Mandates != 1 || done.Entries < 20 {
		t.Errorf("erased %+v", done)
	}
	f.steal(t, site)
	after := dump(t, site)
	if got := f.find(t, after, ofMarked); len(got) != 0 {
		t.Errorf("after: found in %q", got)
	}
	if got := f.find(t, after, []string{m.ID.String()}); len(got) != 0 {
		t.Errorf("after: the mandate's id stands in %q", got)
	}
	if got := f.find(t, after, []string{m.Citizen.String()}); !slices.Equal(got, []string{"journal_entry.body", "journal_entry.citizen_id", "session.factor_citizen"}) {
		t.Errorf("after: the citizen's id stands in %q", got)
	}
	if n := site.Number(t, `select count(*) from receipt_status where mandate_id is null and decoy_ends_at = created_at`); n != places || places == 0 {
		t.Errorf("%d places of receipts are decoys that have ended, of %d", n, places)
	}
	if got := site.Identity(t, site.Here, other.Citizen); got.FamilyName != fixture.Citizen(1).FamilyName {
		t.Errorf("another citizen is %q", got.FamilyName)
	}
	before.stand(t, site)
}

// tellOfMarked is the whole story of a marked citizen, in browsers and by telephone, up to the end of their mandate. A draft for another one is under way.
func tellOfMarked(t *testing.T, site *apptest.Site) (m struct{ ID, Organisation, Citizen uuid.UUID }) {
	t.Helper()
	login := twintest.Name("marked")
	must(t, site.Twin.PutCitizen(t.Context(), twin.Citizen{Login: login, GivenName: marked["given name"], FamilyName: marked["family name"], PreferredUsername: marked["usage name"],
		Gender: "female", Birthdate: marked["birth date"], Birthplace: "75107", BirthCountry: "99100", Email: marked["e-mail"], Clients: []string{site.ClientID}}))
	jeanne := site.Walker(t, site.Jeanne)
	id, err := jeanne.DrawUp(login, fixture.Tax, fixture.Housing)
	must(t, err)
	m.ID, m.Organisation = id, site.Here
	site.Row(t, `select citizen_id from mandate where id = $1`, []any{id}, &m.Citizen)
	page := site.URL + "/mandats/" + id.String()
	must(t, jeanne.Get(page+"/attestation.pdf"))
	must(t, jeanne.Use(site.Tax, "zzmarqueur", fixture.Tax))
	v := site.Visit(t, site.Jeanne)
	if a := v.Post(usePath.FindString(v.Get("/espace").Body), "after", "0", "outcome", "done", "typed_site", "impots.exemple", "note", "ZZNOTE-DE-MARQUE"); a.Status != 303 {
		t.Fatalf("an account: %d", a.Status)
	}
	if a := v.Post("/mandats/" + id.String() + "/recu"); a.Status != 200 {
		t.Fatalf("a receipt: %d", a.Status)
	}
	must(t, jeanne.Get(page+"/telephone"))
	must(t, jeanne.Press("Envoyer le code", url.Values{"number": {"06 39 98 00 77"}}))
	answerByPhone(t, site, m.Citizen, jeanne)
	must(t, jeanne.End(id, "mistake"))
	must(t, jeanne.Get(page+"/attestation-de-fin.pdf"))
	must(t, jeanne.Get(page+"/compte-rendu.pdf"))
	return m
}

// presser presses buttons of pages.
type presser interface {
	Press(button string, fields url.Values) error
}

// answerByPhone verifies the number whose code was sent, and has the citizen asked about a draft, and answer with a word of their own.
func answerByPhone(t *testing.T, site *apptest.Site, citizen uuid.UUID, jeanne presser) {
	t.Helper()
	const number = "+33639980077"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	code, err := site.Mailbox.Wait(ctx, number, "votre code est")
	must(t, err)
	must(t, jeanne.Press("Vérifier le numéro", url.Values{"code": {regexp.MustCompile(`\b[0-9]{6}\b`).FindString(code.Text)}}))
	phones := phonesOf(t, site)
	gateway, err := sms.New(sms.Config{URL: site.Mailbox.SMS(), Token: site.Mailbox.Token})
	must(t, err)
	consents := consent.New(site.DB, site.Journal, phones, site.Clock, consent.Config{Gateway: gateway, Answers: true, Contact: "01 99 00 00 00"})
	numbers, err := phones.Of(t.Context(), site.Jeanne, citizen)
	must(t, err)
	draft, now := site.Recognised(t, site.Jeanne, citizen), site.Clock.Now()
	_, err = consents.Start(t.Context(), site.Jeanne, consent.Request{Draft: draft.ID, Version: draft.Version, Digest: token.Bytes(32), Begun: now, Citizen: citizen, Phone: numbers.Verified.ID,
		Procedures: []string{"Affaire ZZMARQUEUR"}, EndsAt: now.AddDate(0, 1, 0), Lang: "fr"})
	must(t, err)
	question, err := site.Mailbox.Wait(ctx, number, "Répondez OUI")
	must(t, err)
	if _, err := site.Mailbox.Reply(t.Context(), question, "non ZZREPONSE"); err != nil {
		t.Fatal(err)
	}
}

func phonesOf(t *testing.T, site *apptest.Site) *phone.Register {
	t.Helper()
	gateway, err := sms.New(sms.Config{URL: site.Mailbox.SMS(), Token: site.Mailbox.Token})
	must(t, err)
	return phone.New(site.DB, site.Journal, site.Citizens, site.Keys, site.Clock, gateway)
}

// erasures is the register of erasures as the program has it, with a ledger.
func erasures(t *testing.T, site *apptest.Site, ledger *erasure.Ledger) *erasure.Register {
	t.Helper()
	return app.Erasures(site.DB, site.Journal, phonesOf(t, site), site.Clock, ledger)
}

// proofs are an export and proofs of single entries, as somebody took them away, and the leaves of the tree.
type proofs struct {
	policy *verify.Policy
	export fstest.MapFS
	size   int64
	step   int64 // from one entry whose proof is taken to the next
	texts  map[int64][2][]byte
	leaves string
}

// kept is an export that is kept in memory.
type kept fstest.MapFS

// Put keeps a file.
func (k kept) Put(name string, content []byte) error {
	k[name] = &fstest.MapFile{Data: bytes.Clone(content)}
	return nil
}

const leavesUpTo = `select string_agg(index || ' ' || entry_id || ' ' || encode(commitment, 'hex'), ',' order by index) from journal_leaf where index < $1`

func evidenceOf(t *testing.T, site *apptest.Site, step int64) proofs {
	t.Helper()
	p := proofs{step: step, texts: map[int64][2][]byte{}}
	var err error
	p.policy, err = verify.ParsePolicy([]byte(site.App.Policy()))
	must(t, err)
	files, auditor := kept{}, site.OpenAuditor(t)
	c, err := tree.Export(t.Context(), auditor, p.policy.Keys(), files)
	must(t, err)
	p.export = fstest.MapFS(files)
	log, err := tree.OpenLog(auditor, p.policy.Keys(), "")
	must(t, err)
	p.size = c.Size
	for index := int64(0); index < p.size; index += step {
		text, entry, err := log.Prove(t.Context(), index)
		must(t, err)
		p.texts[index] = [2][]byte{text, entry}
	}
	site.Row(t, leavesUpTo, []any{p.size}, &p.leaves)
	return p
}

// stand fails the test unless all that was taken away holds, and the log of today continues it. It returns what is seen in an export of today.
func (p proofs) stand(t *testing.T, site *apptest.Site) verify.Report {
	t.Helper()
	if _, err := verify.Log(t.Context(), verify.Options{Policy: p.policy, Export: p.export, Site: site.URL}); err != nil {
		t.Errorf("an export of before: %v", err)
	}
	for index, text := range p.texts {
		if got, err := verify.Proof(text[0], text[1], p.policy); err != nil || len(got.Body) == 0 {
			t.Errorf("the proof of entry %d from before: %v", index, err)
		}
	}
	var leaves string
	site.Row(t, leavesUpTo, []any{p.size}, &leaves)
	if leaves != p.leaves {
		t.Error("a leaf changed")
	}
	now, err := site.Verify(t.Context())
	if err != nil || now.Over == 0 {
		t.Errorf("an export of today: %d entries forgotten, %v", now.Over, err)
	}
	log, err := tree.OpenLog(site.OpenAuditor(t), p.policy.Keys(), "")
	must(t, err)
	for index := int64(0); index < now.Size; index += p.step { // whose entry is there, and whose is not
		text, entry, err := log.Prove(t.Context(), index)
		must(t, err)
		if _, err := verify.Proof(text, entry, p.policy); err != nil {
			t.Errorf("the proof of entry %d today: %v", index, err)
		}
	}
	return now
}
