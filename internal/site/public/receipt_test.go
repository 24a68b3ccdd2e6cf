package public

import (
	"bytes"
	"html"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/oidc"
	"mandat/internal/page/pagetest"
	"mandat/internal/prose"
	"mandat/internal/receipt"
	"mandat/internal/receipt/format"
	"mandat/internal/sitetest"
)

// show sends a receipt to the page, pasted or as a file.
func (w *window) show(t *testing.T, lang, field, text string) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "recu-mandat.txt")
	if field != "file" {
		part, err = form.CreateFormField(field)
	}
	if err == nil {
		_, err = part.Write([]byte(text))
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/recu", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.AddCookie(&http.Cookie{Name: "lang", Value: lang})
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	for _, fault := range pagetest.Faults(out.Body.String()) {
		t.Errorf("%s: %s", field, fault)
	}
	if h := out.Header(); h.Get("Cache-Control") != "no-store" || h.Get("Set-Cookie") != "" || h.Get("Location") != "" {
		t.Errorf("headers %v", h)
	}
	return out
}

func (w *window) wantSaid(t *testing.T, what, body string, said ...string) {
	t.Helper()
	for _, s := range said {
		if !strings.Contains(body, html.EscapeString(s)) {
			t.Errorf("%s: the page does not say %q:\n%s", what, s, body)
		}
	}
}

func TestReceipt_SaysWhatItIsWorth(t *testing.T) {
	t.Parallel()
	w := newWindow(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	text, err := w.site.Receipts.Issue(t.Context(), w.Jeanne, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	always := func(lang string) []string {
		return []string{"Angela Claire Louise DUBOIS", "Maison France Services de démonstration", "21750001600019", prose.DateTime(lang, m.EndsAt), m.Terms.Procedures[0].Name.In(lang), m.Terms.Procedures[1].Body.In(lang)}
	}
	for _, field := range []string{"receipt", "file"} {
		w.wantSaid(t, field, w.show(t, "fr", field, "\n "+text[:40]+"\r\n"+text[40:]).Body.String(), append(always("fr"), "Ce reçu est authentique, et tout ce qu’il donne est en cours.", "24 août 1962")...)
	}
	w.wantSaid(t, "in English", w.show(t, "en", "receipt", text).Body.String(), append(always("en"), "This receipt is genuine, and all that it gives stands.", "24 August 1962")...)
	w.Behind(t, `update mandate_power set suspended_at = now() where mandate_id = $1`, m.ID)
	held := w.show(t, "fr", "receipt", text).Body.String()
	w.wantSaid(t, "suspended", held, append(always("fr"), "le mandat est suspendu pour l’instant", "Suspendu par des auditeurs")...)
	tells(t, "suspended", held, "A pris fin", "En cours", m.ID.String())
	w.Behind(t, `update mandate_power set suspended_at = null where mandate_id = $1`, m.ID)
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "completed"); err != nil {
		t.Fatal(err)
	}
	w.wantSaid(t, "one power ended", w.show(t, "fr", "receipt", text).Body.String(), append(always("fr"), "pour toutes ses démarches", "A pris fin avant terme", "En cours")...)
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	ended := w.show(t, "fr", "receipt", text).Body.String()
	w.wantSaid(t, "ended", ended, append(always("fr"), "Ce reçu est authentique, mais il ne vaut plus.")...)
	tells(t, "ended", ended, "En cours", text, m.ID.String())
}

// A receipt for a service says whose it is by the name that people know, and names no citizen.
func TestReceipt_OfAServiceNamesIt(t *testing.T) {
	t.Parallel()
	w := newWindow(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	for id, name := range map[string]string{"bailleur": "Bailleur social d’Essai", "gone": "gone"} {
		var places receipt.Places
		if err := w.Journal.Record(t.Context(), w.Jeanne, func(tx *journal.Tx) (_ journal.Event, err error) {
			places, err = w.site.Receipts.Reserve(t.Context(), tx, receipt.Of{Organisation: m.Organisation, Mandate: m.ID, Audience: id, Powers: []receipt.Which{{Procedure: fixture.Tax}}}, tx.Now)
			return journal.Event{Action: "power.used", Citizen: m.Citizen, Mandate: m.ID, Detail: map[string]string{"client": id}}, err
		}); err != nil {
			t.Fatal(err)
		}
		text, err := w.site.Receipts.Service(places, receipt.Service{Audience: id, Subject: "a", Actor: "b", Identifier: "c", SIRET: "21750001600019", Organisation: "Essai", Catalogue: m.Terms.Catalogue,
			IdentifiedBy: "franceconnect", Procedure: fixture.Tax, Level: "act", Until: m.EndsAt}, w.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		said := w.show(t, "fr", "receipt", text).Body.String()
		w.wantSaid(t, id, said, "Fait pour le service", name, "tout ce qu’il donne est en cours")
		tells(t, id, said, "DUBOIS", m.ID.String())
	}
}

// What is no receipt of ours is told apart by what to do about it, and nothing of what stands in it is repeated.
func TestReceipt_Refuses(t *testing.T) {
	t.Parallel()
	w := newWindow(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	text, err := w.site.Receipts.Issue(t.Context(), w.Jeanne, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := receipt.New(w.DB, w.Journal, w.Mandates, sitetest.Keys(t), receipt.Settings{BaseURL: "http://localhost"}, w.Clock)
	foreign, err := elsewhere.Issue(t.Context(), w.Jeanne, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(text, ".")
	for what, c := range map[string]struct{ text, said string }{
		"a part of it":  {parts[0] + "." + parts[1], "Ce n’est pas un reçu de mandat."},
		"another text":  {"Bonjour <script>alert(1)</script>", "Ce n’est pas un reçu de mandat."},
		"another's":     {foreign, "Ce reçu n’est pas reconnu"},
		"a changed one": {parts[0] + "." + parts[1][:60] + "A" + parts[1][61:] + "." + parts[2], "Ce reçu n’est pas authentique"},
		"a status list": {w.get(t, "/recus/statuts/1").Body.String(), "Ce n’est pas un reçu de mandat."},
	} {
		got := w.show(t, "fr", "receipt", c.text).Body.String()
		w.wantSaid(t, what, got, c.said, "Ne vous y fiez pas.")
		tells(t, what, got, "DUBOIS", "Angela", "Ce que dit le reçu", "alert(1)", "est authentique,")
	}
	for _, field := range []string{"receipt", "file", "other"} {
		if got := w.show(t, "fr", field, " \n"); got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), `href="#field-receipt"`) {
			t.Errorf("nothing in %s: %d", field, got.Code)
		}
	}
	if got := w.show(t, "fr", "receipt", strings.Repeat("a", 64<<10)); got.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too long: %d", got.Code)
	}
	for _, lang := range pagetest.Languages {
		if got := w.get(t, "/recu?lang="+lang); got.Code != http.StatusOK || got.Header().Get("Content-Language") != lang {
			t.Errorf("%s: %d", lang, got.Code)
		}
	}
}

// Who checks receipts alone has the keys and the lists from us, and no cookie.
func TestReceipt_KeysAndLists(t *testing.T) {
	t.Parallel()
	w := newWindow(t)
	keys, list := w.get(t, "/recus/cles"), w.get(t, "/recus/statuts/1")
	set, err := format.ParseKeys(keys.Body.Bytes())
	if err != nil || len(set.Keys) != 2 || !set.Keys[0].IsPublic() || set.Keys[0].Algorithm != oidc.ES256 {
		t.Errorf("%v, %v", set, err)
	}
	if l, err := format.OpenList(list.Body.String(), set, w.Clock.Now()); err != nil || l.URI != "http://localhost/recus/statuts/1" {
		t.Errorf("%v, %v", l, err)
	}
	for what, c := range map[string]struct {
		got        *httptest.ResponseRecorder
		kind, keep string
	}{"keys": {keys, "application/jwk-set+json", "public, max-age=3600"}, "list": {list, "application/statuslist+jwt", "public, max-age=2"}} {
		h := c.got.Header()
		if c.got.Code != http.StatusOK || h.Get("Content-Type") != c.kind || h.Get("Cache-Control") != c.keep || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %v", what, c.got.Code, h)
		}
	}
	for _, path := range []string{"/recus/statuts/0", "/recus/statuts/2", "/recus/statuts/01", "/recus/statuts/+1", "/recus/statuts/x", "/recus/statuts/99999999999999999999"} {
		if got := w.get(t, path); got.Code != http.StatusNotFound || got.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", path, got.Code, got.Header())
		}
	}
}
