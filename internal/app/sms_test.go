package app_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/consent"
	"mandat/internal/fixture"
	"mandat/internal/phone"
	"mandat/internal/sms"
	"mandat/internal/token"
)

// A citizen's number is verified at the counter, and later they answer by it: every message goes through the gateway, and so does every answer.
func TestSMS_FromTheCounterToTheAnswer(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const number = "+33639980010"
	m := site.Sign(t, site.Jeanne, fixture.Angela(), fixture.Tax)
	jeanne := site.Walker(t, site.Jeanne)
	must(t, jeanne.Get(site.URL+"/mandats/"+m.ID.String()+"/telephone"))
	must(t, jeanne.Press("Envoyer le code", url.Values{"number": {"06 39 98 00 10"}}))
	code, err := site.Mailbox.Wait(ctx, number, "votre code est")
	must(t, err)
	must(t, jeanne.Press("Vérifier le numéro", url.Values{"code": {regexp.MustCompile(`\b[0-9]{6}\b`).FindString(code.Text)}}))
	must(t, jeanne.Says("Le numéro est vérifié"))

	gateway, err := sms.New(sms.Config{URL: site.Mailbox.SMS(), Token: site.Mailbox.Token})
	must(t, err)
	phones := phone.New(site.DB, site.Journal, site.Citizens, site.Keys, site.Clock, gateway)
	consents := consent.New(site.DB, site.Journal, phones, site.Clock, consent.Config{Gateway: gateway, Answers: true, Contact: "01 99 00 00 00"})
	numbers, err := phones.Of(t.Context(), site.Jeanne, m.Citizen)
	must(t, err)
	draft, now := site.Recognised(t, site.Jeanne, m.Citizen), site.Clock.Now()
	_, err = consents.Start(t.Context(), site.Jeanne, consent.Request{Draft: draft.ID, Version: draft.Version, Digest: token.Bytes(32), Begun: now, Citizen: m.Citizen, Phone: numbers.Verified.ID,
		Procedures: []string{"Déclaration de revenus"}, EndsAt: now.AddDate(0, 1, 0), Lang: "fr"})
	must(t, err)
	question, err := site.Mailbox.Wait(ctx, number, "Répondez OUI")
	must(t, err)
	for _, tell := range []func() (int, error){
		func() (int, error) { return site.Mailbox.Report(t.Context(), question, true) },
		func() (int, error) { return site.Mailbox.Reply(t.Context(), question, "oui mais pas les impôts") },
		func() (int, error) { return site.Mailbox.Reply(t.Context(), question, "Oui, merci.") },
	} {
		if status, err := tell(); err != nil || status != http.StatusNoContent {
			t.Fatalf("%d, %v", status, err)
		}
	}
	if got, err := consents.Latest(t.Context(), site.Jeanne, draft.ID); err != nil || got.State != consent.Yes || got.Unclear != 1 || !got.Delivered {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = site.Mailbox.Wait(ctx, number, "accord est noté")
	must(t, err)
	if status, err := site.Mailbox.Tell(t.Context(), "/sms/reponses", map[string]string{"id": question.ID, "from": number, "text": "oui"}, now.Add(-time.Hour)); err != nil || status != http.StatusUnauthorized {
		t.Errorf("an hour ago: %d, %v", status, err)
	}
}
