package notify

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"mandat/web"
)

var everything = facts{Name: "Jeanne", Place: "Maison France Services", Link: "https://mandat.example/connexion/lien/s3cr3t", Code: "123456", When: "dimanche 22 novembre 2026 à 9 h 05", Until: "lundi 23 novembre 2026",
	Due: "lundi 23 novembre 2026 à 9 h 05", Device: "Firefox, Linux", Net: "192.0.2.0/24", Left: 4, Site: "https://mandat.example",
	By: "Odile Fictif", Aidant: true, Referent: true}

var field = regexp.MustCompile(`\.[A-Z][a-zA-Z]*`)

// Every kind has its text in both languages, which say the same facts, and can be sent with all of them or with none.
func TestTexts(t *testing.T) {
	t.Parallel()
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Kinds() {
		var told [2][]string
		for i, lang := range []string{"fr", "en"} {
			source, err := web.Files.ReadFile("mail/" + name + "." + lang + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			for _, common := range endings(kinds[name]) {
				end, err := web.Files.ReadFile("mail/" + common + "." + lang + ".txt")
				if err != nil {
					t.Fatal(err)
				}
				source = append(source, end...)
			}
			told[i] = field.FindAllString(string(source), -1)
			slices.Sort(told[i])
			told[i] = slices.Compact(told[i])
			for _, f := range []facts{everything, {Name: "Jeanne", When: everything.When, Due: everything.Due, Site: everything.Site, Link: everything.Link, Code: everything.Code}} {
				switch {
				case kinds[name].channel == bySMS:
					checkShort(t, all, name, lang, f)
				case kinds[name].secret != mailsSecret && kinds[name].secret != noLink: // else see TestTexts_ToCitizens
					checkLetter(t, all, name, lang, f)
				}
			}
		}
		if !slices.Equal(told[0], told[1]) {
			t.Errorf("%s tells %v in French and %v in English", name, told[0], told[1])
		}
		hasLink, hasCode := slices.Contains(told[0], ".Link"), slices.Contains(told[0], ".Code")
		if k := kinds[name]; hasLink != (k.path != "" || k.page != "") || hasCode != (k.secret == contactSecret) {
			t.Errorf("%s: link %t, code %t in its text, and not in its kind", name, hasLink, hasCode)
		}
	}
}

func checkShort(t *testing.T, all texts, name, lang string, f facts) {
	t.Helper()
	text, err := all.short(name, lang, f)
	if err != nil || !strings.Contains(text, f.Code) || len([]rune(text)) > 160 {
		t.Errorf("%s.%s: %d letters, %v: %s", name, lang, len([]rune(text)), err, text)
	}
}

// wordy are words of what no message may speak of: citizens and what they granted, beside the service's own name.
var wordy = regexp.MustCompile(`(?i)\b(usagers?|citoyen(ne)?s?|citizens?|DUBOIS|démarche de|procedure of)\b`)

func checkLetter(t *testing.T, all texts, name, lang string, f facts) {
	t.Helper()
	l, err := all.letter(name, lang, f)
	if err != nil {
		t.Fatalf("%s.%s: %v", name, lang, err)
	}
	never := map[string]string{"fr": "Nous ne vous demanderons jamais un code", "en": "We will never ask you for a code"}[lang]
	for _, line := range strings.Split(l.Text, "\n") {
		if len([]rune(line)) > 78 && !strings.HasPrefix(line, "http") {
			t.Errorf("%s.%s: a line of %d letters", name, lang, len([]rune(line)))
		}
	}
	for _, bad := range []string{"{{", "<no value>", "&#", "  ", " ,", "<"} {
		if strings.Contains(l.Text, bad) || strings.Contains(l.Subject, bad) {
			t.Errorf("%s.%s holds %q:\n%s", name, lang, bad, l.Text)
		}
	}
	flat := strings.Join(strings.Fields(l.Text), " ")
	if l.Subject == "" || len([]rune(l.Subject)) > 78 || l.Lang != lang || !strings.Contains(flat, never) || wordy.MatchString(l.Subject+flat) {
		t.Errorf("%s.%s: %q\n%s", name, lang, l.Subject, l.Text)
	}
	page, err := html.Parse(strings.NewReader(l.HTML))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	links := 0
	for n := range page.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data == "p" || n.Parent.Data == "a" || n.Parent.Data == "strong" {
			texts = append(texts, strings.TrimSpace(n.Data))
		}
		if n.Data == "a" && n.Attr[0].Val == f.Link {
			links++
		}
		if n.Type == html.ElementNode && n.Data == "html" && (len(n.Attr) == 0 || n.Attr[0].Val != lang) {
			t.Errorf("%s.%s: the HTML does not say its language", name, lang)
		}
	}
	if got := strings.Join(strings.Fields(strings.Join(texts, " ")), " "); got != flat {
		t.Errorf("%s.%s: the HTML says\n%s\nand the text\n%s", name, lang, got, flat)
	}
	if want := strings.Count(l.Text, f.Link); links != want {
		t.Errorf("%s.%s: %d links, want %d", name, lang, links, want)
	}
}

// A name can hold whatever it likes: it stays text, on its line, and makes no header and no link of its own.
func TestTexts_OfHostileNames(t *testing.T) {
	t.Parallel()
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	f := everything
	f.Name, f.Place = "<script>\r\nBcc: x@exemple.invalid\n\nhttps://evil.example", `"><img src=x>`+"\r\n\r\nhttps://evil.example"
	f.By = "Odile\r\n\r\nwww.evil.example x@evil.example"
	f.complete(&message{lang: "fr"}, everything.Site)
	l, err := all.letter("invitation", "fr", f)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(l.Text, "evil.example") || strings.Contains(l.Text, "@evil") || strings.Contains(l.Text, "Odile\n\n") || strings.Contains(l.Text, "://evil") || strings.ContainsAny(l.Subject, "\r\n") || strings.Contains(l.HTML, "<script>") || strings.Contains(l.HTML, "<img") || strings.Contains(l.HTML, `href="https://evil`) {
		t.Errorf("%q\n%s", l.Subject, l.HTML)
	}
}
