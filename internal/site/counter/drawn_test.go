package counter

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mandat/internal/evidence"
	"mandat/internal/mandate"
	"mandat/internal/session"
	"mandat/internal/terms"
)

const drawnPath = "M10 20L300 90L310 95M40 40L40 40"

// evidenceOf is the checked evidence of the mandate to whose page an answer leads, and the picture in it.
func (b *browser) evidenceOf(location string) (evidence.Report, []evidence.Text) {
	b.t.Helper()
	by := b.By
	by.FactorAt = b.site.Clock.Now()
	data, err := b.site.Mandates.Evidence(b.t.Context(), by, b.signedMandate(location).ID)
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := evidence.Verify(data)
	if err != nil {
		b.t.Fatal(err)
	}
	return r, slices.DeleteFunc(slices.Clone(r.File.Texts), func(t evidence.Text) bool { return t.Form != evidence.Drawn })
}

// What the citizen drew on their screen comes back with it, stays while the aidant gives their factor, and is kept, named by what is signed.
func TestDrawn_FromTheScreenToTheEvidence(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	back := b.filled(drawn, "langue", "fr", "forme", evidence.Plain, "drawn", drawnPath)
	b.Want(b.Post(drawn+"/recapitulatif", back...), 200, `name="drawn" value="`+drawnPath+`"`, `name="langue" value="fr"`)
	r, pictures := b.evidenceOf(b.Post(drawn+"/signature", b.filled(drawn, "agreed", "on", "understood", "until", "drawn", drawnPath)...).Location)
	if len(pictures) != 1 || !strings.Contains(string(pictures[0].Bytes), `d="`+drawnPath+`"`) || pictures[0].MediaType != "image/svg+xml" {
		t.Errorf("kept: %+v", pictures)
	}
	if m, err := terms.Decode(r.File.Terms, r.File.SignedAt); err != nil || m.Agreement.Drawn != pictures[0].Shown().SHA256 {
		t.Errorf("the terms name %+v, %v", m.Agreement, err)
	}
	b.Want(b.Post(drawn+"/recapitulatif", back...), 303, "/mandats/")

	late := c.visit(t, c.Paul, session.Aidant, c.Clock.Now().Add(-mandate.FactorLife-time.Second))
	second := late.start()
	late.identify(second)
	late.Want(late.Post(second+"/signature", late.filled(second, "agreed", "on", "understood", "until", "private", "on", "drawn", drawnPath)...), 303, session.ConfirmPath)
	c.stepUp(t, late)
	late.Want(late.Get(second+"/recapitulatif"), 200, `name="drawn" value="`+drawnPath+`"`)
	if _, none := late.evidenceOf(late.Post(second+"/signature", late.filled(second, "agreed", "on", "understood", "until", "private", "on")...).Location); len(none) != 0 {
		t.Errorf("nobody drew %v", none)
	}
}

// What the citizen drew, and who was in the room, stands nowhere in clear while the aidant gives their factor.
func TestDrawn_WaitsSealed(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	late := c.visit(t, c.Paul, session.Aidant, c.Clock.Now().Add(-mandate.FactorLife-time.Second))
	drawn := late.start()
	late.identify(drawn)
	late.Want(late.Post(drawn+"/signature", late.filled(drawn, "agreed", "on", "understood", "until", "private", "on", "drawn", drawnPath,
		"present_role_1", "relative", "present_name_1", "Rosalie Inventee")...), 303, session.ConfirmPath)
	if n := c.Count(t, `select count(*) from session where kept_form is not null`); n != 1 {
		t.Fatalf("%d forms wait", n)
	}
	for _, clear := range []string{"M10+20L300+90", "M10 20L300 90", "Rosalie", "present_name"} {
		if n := c.Count(t, `select count(*) from session where session::text like '%' || $1 || '%' or session::text like '%' || encode(convert_to($1, 'UTF8'), 'hex') || '%'`, clear); n != 0 {
			t.Errorf("%q stands in clear in the table session", clear)
		}
	}
	c.stepUp(t, late)
	late.Want(late.Get(drawn+"/recapitulatif"), 200, `name="drawn" value="`+drawnPath+`"`, `value="Rosalie Inventee"`)
	if n := c.Count(t, `select count(*) from session where num_nonnulls(kept_form, kept_key, kept_path) > 0`); n != 0 {
		t.Errorf("%d forms are kept longer than needed", n)
	}
}

// A drawing that is none is refused and nothing else is lost; nothing is signed.
func TestDrawn_RefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	for _, path := range []string{"M0 0", "M0 0L601 0", `M0 0L100 100"/><script>`, "M0 0L600 200" + strings.Repeat("L0 0", terms.MaxDrawing/4)} {
		fields := []string{"agreed", "on", "understood", "until", "reading", "aloud", "present_role_2", "colleague", "drawn", path}
		a := b.Want(b.Post(drawn+"/signature", b.filled(drawn, fields...)...), 422, "Le dessin n’a pas pu être lu", `href="#field-drawn"`, `id="error-drawn"`, `name="drawn" value=""`, `value="aloud" checked`, `value="colleague" selected`, `value="until" checked`)
		b.Without(a, "<script>")
		b.Want(b.Post(drawn+"/recapitulatif", b.filled(drawn, "drawn", path)...), 422, "Le dessin n’a pas pu être lu")
		b.Want(b.Send(drawn+"/signature/options", asJSON(b.filled(drawn, fields...)...)), 422, `"drawn"`)
	}
	b.Want(b.Post(drawn+"/recapitulatif", "version", "1", "drawn", drawnPath), 409, "Rien n’a été signé")
	c.wantRows(t, 0, `select count(*) from mandate`)
}

// The key signs the very drawing: another one, or none, is not what it signed.
func TestDrawn_IsUnderTheSignature(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	key := c.passkey(t, b)
	good := b.filled(drawn, "agreed", "on", "understood", "until", "drawn", drawnPath)
	for _, other := range []string{"", "M10 20L300 91L310 95M40 40L40 40"} {
		answer, err := key.Get([]byte(b.Want(b.Send(drawn+"/signature/options", asJSON(good...)), 200, "challenge").Body))
		if err != nil {
			t.Fatal(err)
		}
		changed := slices.Clone(good)
		changed[len(changed)-1] = other
		b.Want(b.Post(drawn+"/signature", append(changed, "assertion", string(answer))...), 409, "Rien n’a été signé")
	}
	c.wantRows(t, 0, `select count(*) from mandate`)
	answer, err := key.Get([]byte(b.Send(drawn+"/signature/options", asJSON(good...)).Body))
	if err != nil {
		t.Fatal(err)
	}
	r, pictures := b.evidenceOf(b.Post(drawn+"/signature", append(good, "assertion", string(answer))...).Location)
	if len(pictures) != 1 || r.File.Assertion == nil || !slices.ContainsFunc(r.Proven, func(c evidence.Claim) bool { return c.Name == evidence.Drawn }) {
		t.Errorf("kept %v, proven %v", pictures, r.Proven)
	}
}

// An agreement that came by another way than the page is held to the same rule.
func TestDrawn_TheRuleRefusesToo(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	how := c.Agreed(t, b.By, draftID(drawn))
	how.How.Drawing, how.How.Drawn = []byte("<svg/>"), strings.Repeat("0", 64)
	if _, err := c.Mandates.Sign(t.Context(), b.By, draftID(drawn), how); err == nil || !strings.Contains(err.Error(), terms.ErrDrawing.Error()) {
		t.Errorf("the rule let it pass: %v", err)
	}
	c.wantRows(t, 0, `select count(*) from mandate`)
}
