package mailbox

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

//go:embed page.html
var pageSource string

// pageLength is how many messages a page shows: a demonstration that has run for weeks holds thousands.
const pageLength = 30

// words of the page, in both languages.
var words = map[string]map[string]string{
	"fr": {"title": "Courriels et SMS de la démonstration", "lead": "Rien ne part d’ici : ce que Mandat envoie arrive sur cette page, le plus récent en haut.", "none": "Rien n’est arrivé.",
		"filter": "Destinataire", "all": "Tous", "show": "Afficher", "to": "À", "refresh": "Actualiser", "answer": "Répondre à ce SMS", "send": "Envoyer", "older": "Plus anciens", "latest": "Les plus récents", "other": "English", "code": "en"},
	"en": {"title": "Mails and SMS of the demonstration", "lead": "Nothing leaves this machine: what Mandat sends arrives on this page, latest first.", "none": "Nothing has arrived.",
		"filter": "To whom", "all": "Everybody", "show": "Show", "to": "To", "refresh": "Refresh", "answer": "Answer this SMS", "send": "Send", "older": "Older", "latest": "Latest", "other": "Français", "code": "fr"},
}

// pages serves the page and the SMS gateway.
func (b *Box) pages() http.Handler {
	page := template.Must(template.New("page").Funcs(template.FuncMap{"linked": linked}).Parse(pageSource))
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sms", b.takeSMS)
	mux.HandleFunc("POST /reponse", b.answerAs)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		lang := r.URL.Query().Get("lang")
		if words[lang] == nil {
			lang = "fr"
		}
		to := r.URL.Query().Get("a")
		before, _ := strconv.Atoi(r.URL.Query().Get("avant"))
		data := struct {
			Lang, To  string
			T         map[string]string
			Receivers []string
			Messages  []Message
			Answers   bool // short messages can be answered
			Older     int  // number of the oldest message here, 0 when there is none before it
			Latest    bool // the page begins with the latest
		}{Lang: lang, To: to, T: words[lang], Answers: b.Site != "", Latest: before <= 0}
		data.Messages, data.Older = latest(b.To(to), before)
		for _, m := range b.To("") {
			if !slices.Contains(data.Receivers, m.To) {
				data.Receivers = append(data.Receivers, m.To)
			}
		}
		slices.Sort(data.Receivers)
		var out bytes.Buffer
		if err := page.Execute(&out, data); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		_, _ = w.Write(out.Bytes())
	})
	return mux
}

// latest returns the latest messages before a number (of all, for 0), latest first, and the number before which there are older ones, 0 when there are none.
func latest(all []Message, before int) (shown []Message, older int) {
	if before > 0 {
		all = slices.DeleteFunc(all, func(m Message) bool { return m.Number >= before })
	}
	if len(all) > pageLength {
		all = all[len(all)-pageLength:]
		older = all[0].Number
	}
	slices.Reverse(all)
	return all, older
}

// linked makes addresses in a text links.
func linked(text string) template.HTML {
	var b strings.Builder
	at := 0
	for _, span := range address.FindAllStringIndex(text, -1) {
		link := template.HTMLEscapeString(text[span[0]:span[1]])
		b.WriteString(template.HTMLEscapeString(text[at:span[0]]))
		b.WriteString(`<a href="` + link + `">` + link + `</a>`)
		at = span[1]
	}
	b.WriteString(template.HTMLEscapeString(text[at:]))
	return template.HTML(b.String()) //nolint:gosec // every part is escaped
}

// takeSMS is the gateway.
func (b *Box) takeSMS(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+b.Token {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	var in struct{ ID, To, From, Text string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<14)).Decode(&in); err != nil || in.To == "" || in.Text == "" {
		http.Error(w, "not a message", http.StatusBadRequest)
		return
	}
	if code := b.answer(in.To); code != 0 {
		http.Error(w, "no", code)
		return
	}
	b.put(Message{Channel: "sms", ID: in.ID, From: in.From, To: in.To, Text: in.Text})
	w.WriteHeader(http.StatusNoContent)
}

// OneLang is the language of a message, "" for one that is written in several.
func (m Message) OneLang() string {
	if strings.Contains(m.Lang, ",") {
		return ""
	}
	return m.Lang
}
