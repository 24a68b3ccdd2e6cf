package mailbox

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"
)

//go:embed page.html
var pageSource string

// words of the page, in both languages.
var words = map[string]map[string]string{
	"fr": {"title": "Courriels et SMS de la démonstration", "lead": "Rien ne part d’ici : ce que Mandat envoie arrive sur cette page, le plus récent en haut.", "none": "Rien n’est arrivé.",
		"filter": "Destinataire", "all": "Tous", "show": "Afficher", "to": "À", "refresh": "Actualiser", "answer": "Répondre à ce SMS", "send": "Envoyer", "other": "English", "code": "en"},
	"en": {"title": "Mails and SMS of the demonstration", "lead": "Nothing leaves this machine: what Mandat sends arrives on this page, latest first.", "none": "Nothing has arrived.",
		"filter": "To whom", "all": "Everybody", "show": "Show", "to": "To", "refresh": "Refresh", "answer": "Answer this SMS", "send": "Send", "other": "Français", "code": "fr"},
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
		data := struct {
			Lang, To  string
			T         map[string]string
			Receivers []string
			Messages  []Message
			Answers   bool // short messages can be answered
		}{Lang: lang, To: to, T: words[lang], Messages: b.To(to), Answers: b.Site != ""}
		slices.Reverse(data.Messages)
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
