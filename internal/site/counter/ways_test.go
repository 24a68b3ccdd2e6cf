package counter

import (
	"slices"
	"strings"
	"testing"

	"mandat/internal/evidence"
	"mandat/internal/sitetest"
)

// everything is a recap that is filled in, with what was drawn and who is there.
func (b *browser) everything(drawn string) []string {
	b.t.Helper()
	return b.filled(drawn, "langue", "fr", "forme", evidence.Plain, "reading", "aloud", "present_role_1", "interpreter", "present_name_1", "Léa Fictif", "present_role_4", "relative",
		"understood", "until", "agreed", "on", "private", "on", "drawn", drawnPath)
}

var (
	stays = []string{`name="drawn" value="` + drawnPath + `"`, `value="interpreter" selected`, `value="Léa Fictif"`, `<details class="fr-accordion" open>`, `name="private" value="on" checked`}
	goes  = []string{`value="aloud" checked`, `value="until" checked`, `name="agreed" value="on" checked`}
)

// Another language or form of the text loses neither the drawing nor who is there, and agrees to nothing: what was agreed to is the text that was read.
func TestRecap_AnotherLanguageLosesNothing(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	b.Want(b.Get(drawn+"/recapitulatif"), 200, `type="submit" form="recap" formaction="`+drawn+`/recapitulatif" name="way" value="ar translation"`, `<form id="recap"`)
	in := func(path, lang, form string) sitetest.Answer {
		t.Helper()
		return b.Want(b.Post(drawn+path, append(b.everything(drawn), "way", lang+" "+form)...), 200, `id="recap-text" lang="`+lang+`"`, `name="langue" value="`+lang+`"`, `name="forme" value="`+form+`"`)
	}
	a := b.Want(in("/recapitulatif", "ar", evidence.Translation), 200, slices.Concat(stays, []string{"Le texte a changé de langue"})...)
	b.Without(a, goes...)
	b.Without(in("/recapitulatif", "fr", evidence.FALC), goes...)
	c.wantRows(t, 0, `select count(*) from mandate`)

	// The text that was read before is not the one that is signed now, whatever the form says.
	old := b.everything(drawn)
	b.Want(b.Post(drawn+"/signature", append(without(old, "langue", "forme"), "langue", "ar", "forme", evidence.Translation)...), 409, "Rien n’a été signé")
	shown := []string{"version", identified.FindStringSubmatch(a.Body)[1], "shown", whatShown.FindStringSubmatch(a.Body)[1], "langue", "ar", "forme", evidence.Translation}
	r, pictures := b.evidenceOf(b.Post(drawn+"/signature", append(shown, without(old, "version", "shown", "langue", "forme")...)...).Location)
	if len(pictures) != 1 || r.File.Texts[0].Lang != "ar" {
		t.Errorf("%d pictures, read in %s", len(pictures), r.File.Texts[0].Lang)
	}
}

// without is a form without some of its fields.
func without(form []string, fields ...string) (out []string) {
	for i := 0; i < len(form); i += 2 {
		if !slices.Contains(fields, form[i]) {
			out = append(out, form[i], form[i+1])
		}
	}
	return out
}

// The page of the aidant in their other language has everything still, the agreement too: the text that the citizen has read is the same.
func TestRecap_InTheOtherLanguageOfThePage(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	b.Want(b.Get(drawn+"/recapitulatif"), 200, `form="recap" formaction="?lang=en" lang="en"`)
	b.Want(b.Post(drawn+"/recapitulatif?lang=en", b.everything(drawn)...), 200, slices.Concat(stays, goes, []string{`<html lang="en">`, `id="recap-text" lang="fr"`})...)
	c.wantRows(t, 0, `select count(*) from mandate`)
	entered := []string{"procedures", "argent-surendettement", "warned", "argent-surendettement", "case-argent-surendettement", "2026-117/B", "informed", "on", "days", "365"}
	b.Want(b.Get("/mandats/nouveau"), 200, `form="terms" formaction="?lang=en"`)
	for _, path := range []string{"/mandats/nouveau", drawn} {
		b.Want(b.Post(path+"?lang=en", entered...), 200, `<html lang="en">`, `value="argent-surendettement" checked`, `name="warned" value="argent-surendettement" checked`, `value="2026-117/B"`, `name="informed" value="on" checked`, `value="365" checked`)
	}
	c.wantRows(t, 1, `select count(*) from mandate_draft where not procedures @> '{argent-surendettement}'`)
}

// The citizen's screen takes along what is entered beside it, brings it back, and changes its language with the drawing on it.
func TestScreen_LosesNothing(t *testing.T) {
	t.Parallel()
	_, b, drawn := newIdentified(t)
	b.Want(b.Get(drawn+"/recapitulatif"), 200, `form="recap" formaction="`+drawn+`/ecran"`)
	carried := []string{`type="hidden" name="present_role_1" value="interpreter"`, `type="hidden" name="present_name_1" value="Léa Fictif"`, `type="hidden" name="private" value="on"`, `name="drawn" value="` + drawnPath + `"`}
	a := b.Want(b.Post(drawn+"/ecran", b.everything(drawn)...), 200, slices.Concat(carried, []string{`type="hidden" name="reading" value="aloud"`, `action="` + drawn + `/recapitulatif"`})...)
	b.Without(a, `name="agreed"`, `name="understood"`, "fr-header")
	a = b.Want(b.Post(drawn+"/ecran", append(b.everything(drawn), "way", "ar translation")...), 200, slices.Concat(carried, []string{`<h1 lang="ar" dir="rtl">`})...)
	b.Without(a, `name="reading"`)
	other := b.everything(drawn)
	other[slices.Index(other, "shown")+1] = strings.Repeat("0", 64)
	b.Without(b.Want(b.Post(drawn+"/ecran", other...), 200, `id="recap-text" lang="fr"`), drawnPath) // drawn under another text
}
