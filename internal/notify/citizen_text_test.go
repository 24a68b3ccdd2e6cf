package notify

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"mandat/internal/org"
)

// letterTo writes a kind of letter to a citizen as it is sent.
func letterTo(t *testing.T, kind string, c *toCitizen) (subject, text, markup string) {
	t.Helper()
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	p := &Post{texts: all, config: Config{BaseURL: "https://mandat.example", Contact: Contact{"+33 1 99 00 00 01", "service@exemple.invalid", "1 rue du Service, 75001 Paris"}}}
	m := &message{kind: kind, lang: "fr", at: time.Date(2026, 11, 22, 8, 5, 0, 0, time.UTC), mandate: c}
	m.facts.complete(m, p.config.BaseURL)
	if kinds[kind].secret == mailsSecret {
		m.facts.Link = "https://mandat.example/mails/s3cr3t"
	}
	l, err := p.letter(m)
	if err != nil {
		t.Fatal(err)
	}
	if l.Unsubscribe != m.facts.Link || l.Lang != "fr, en" {
		t.Errorf("%s: unsubscribe at %q, in %q", kind, l.Unsubscribe, l.Lang)
	}
	return l.Subject, l.Text, l.HTML
}

func about() *toCitizen {
	signed, until, ended := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC), time.Date(2026, 12, 4, 22, 59, 59, 0, time.UTC), time.Date(2026, 11, 22, 8, 5, 0, 0, time.UTC)
	return &toCitizen{signed: &signed, until: &until, ended: &ended, uses: 7, first: &signed, last: &ended,
		organisation: org.Organisation{Name: "Maison France Services", Phone: "+33 1 99 00 00 00", Address: "1 place de la Mairie", Postcode: "75001", City: "Paris"}}
}

func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// Every letter to a citizen says the same in French and in English below it: who, when, how to end the mandate, what to do if it was not them, and how to get no more.
func TestTexts_ToCitizens(t *testing.T) {
	t.Parallel()
	for kind, words := range map[string][]string{
		"mandate_signed":    {"dimanche 22 novembre 2026 à 9 h 05", "jusqu’au vendredi 4 décembre 2026", "Sunday 22 November 2026 at 09:05", "until Friday 4 December 2026", "« Ce n’est pas moi. »", "“This was not me.”", "quand vous voulez, sans donner de raison", "whenever you want"},
		"mandate_used":      {"Le dimanche 22 novembre 2026 à 9 h 05", "donné le mardi 3 novembre 2026", "On Sunday 22 November 2026 at 09:05", "given on Tuesday 3 November 2026", "« Ce n’est pas moi. »", "“This was not me.”", "sans donner de raison", "without giving a reason"},
		"mandate_uses":      {"7 fois, la première le mardi 3 novembre 2026 à 11 h 00, la dernière le dimanche 22 novembre 2026 à 9 h 05", "7 times, the first one on Tuesday 3 November 2026 at 11:00", "« Ce n’est pas moi. »", "“This was not me.”", "sans donner de raison"},
		"mandate_part":      {"Depuis le dimanche 22 novembre 2026 à 9 h 05", "permet moins qu’avant", "Le reste ne change pas.", "Since Sunday 22 November 2026 at 09:05", "sans donner de raison"},
		"mandate_ended":     {"a pris fin le dimanche 22 novembre 2026 à 9 h 05", "ended on Sunday 22 November 2026 at 09:05", "Vous ne savez pas pourquoi", "You do not know why"},
		"mandate_suspended": {"Depuis le dimanche 22 novembre 2026 à 9 h 05", "personne n’agit pour vous", "Since Sunday 22 November 2026 at 09:05", "nobody acts for you"},
		"mandate_resumed":   {"Depuis le dimanche 22 novembre 2026 à 9 h 05", "n’est plus suspendu", "Since Sunday 22 November 2026 at 09:05", "suspended no more"},
		"phone_verified":    {"Le dimanche 22 novembre 2026 à 9 h 05", "noté un numéro de téléphone", "On Sunday 22 November 2026 at 09:05", "noted a telephone number", "« Ce n’est pas mon numéro. »", "“This is not my number.”"},
		"address_replaced":  {"Le dimanche 22 novembre 2026 à 9 h 05", "a changé ou retiré l’adresse électronique", "celui-ci est le dernier", "« Ce n’est pas moi. »", "On Sunday 22 November 2026 at 09:05", "this one is the last", "“This was not me.”"},
		"erasure_asked":     {"Le dimanche 22 novembre 2026 à 9 h 05", "plus personne n’y voit vos données", "effacées le dimanche 22 novembre 2026", "On Sunday 22 November 2026 at 09:05", "nobody there sees your data", "erased on Sunday 22 November 2026"},
	} {
		c := about()
		c.guards, c.due = kind == "phone_verified" || kinds[kind].secret == noLink, c.ended
		if kind == "mandate_ended" {
			c.over, c.reason = true, "organisation"
		}
		subject, text, markup := letterTo(t, kind, c)
		plain := strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(flat(text))
		for _, word := range append(words, "« Maison France Services »", "“Maison France Services”", "+33 1 99 00 00 00", "1 place de la Mairie, 75001 Paris", "+33 1 99 00 00 01", "service@exemple.invalid", "1 rue du Service, 75001 Paris",
			"Nous ne vous demanderons jamais", "We will never ask you", "English text below.") {
			if !strings.Contains(plain, word) {
				t.Errorf("%s does not say %q:\n%s", kind, word, text)
			}
		}
		for _, link := range []string{"https://mandat.example/mails/s3cr3t", "https://mandat.example/mails/s3cr3t?lang=en"} {
			want := 1
			if kinds[kind].secret == noLink { // whoever reads what comes there may turn nothing off
				want = 0
			}
			if strings.Count(text, "\n"+link+"\n") != want || strings.Count(markup, `<a href="`+link+`"`) != want || want == 0 && strings.Contains(text, "/mails/") {
				t.Errorf("%s: %s is not there %d times", kind, link, want)
			}
		}
		if !strings.Contains(text, "+33\u00a01\u00a099\u00a000\u00a000\u00a000") {
			t.Errorf("%s: a telephone number may be broken over two lines", kind)
		}
		if strings.Index(plain, "Bonjour") > strings.Index(plain, "Hello") || strings.Contains(subject, "Maison") || len([]rune(subject)) > 100 {
			t.Errorf("%s: English comes first, or its subject is %q", kind, subject)
		}
		sound(t, kind, subject, text, markup)
	}
}

// sound fails for a letter that tells what it must not, holds what is left of a template, or whose HTML says something else.
func sound(t *testing.T, kind, subject, text, markup string) {
	t.Helper()
	for _, line := range strings.Split(text, "\n") {
		if len([]rune(line)) > 78 && !strings.HasPrefix(line, "http") {
			t.Errorf("%s: a line of %d letters", kind, len([]rune(line)))
		}
	}
	for _, bad := range []string{"{{", "<", "&#", "  ", " ,", " .", "..", "\n\n\n"} {
		if strings.Contains(text, bad) || strings.Contains(subject, bad) {
			t.Errorf("%s holds %q:\n%s", kind, bad, text)
		}
	}
	if wordy.MatchString(subject + flat(text)) {
		t.Errorf("%s: %s\n%s", kind, subject, text)
	}
	page, err := html.Parse(strings.NewReader(markup))
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for n := range page.Descendants() {
		if n.Type == html.TextNode && (n.Parent.Data == "p" || n.Parent.Data == "a" || n.Parent.Data == "h2") {
			said = append(said, n.Data)
		}
		if n.Type == html.ElementNode && n.Data == "html" && n.Attr[0].Val != "fr" || n.Data == "h2" && n.Type == html.ElementNode && (n.Attr[0].Key != "lang" || n.Attr[0].Val != "en") {
			t.Errorf("%s: the HTML does not say its languages", kind)
		}
	}
	if got, want := flat(strings.Join(said, " ")), flat(strings.ReplaceAll(text, strings.Repeat("-", 20), "")); got != want {
		t.Errorf("%s: the HTML says\n%s\nand the text\n%s", kind, got, want)
	}
	if n, m := len(regexp.MustCompile(`<p lang="en"`).FindAllString(markup, -1)), len(regexp.MustCompile(`<p style`).FindAllString(markup, -1)); n != m+1 { // the hint
		t.Errorf("%s: %d paragraphs in English, %d in French", kind, n, m)
	}
}

// What has ended is not offered to be ended, and why it did is said only of what everybody may read.
func TestTexts_ToCitizens_OfAnEnd(t *testing.T) {
	t.Parallel()
	for reason, words := range map[string]string{"": "sa durée est écoulée", "expired": "its time is over", "citizen": "à votre demande", "transferred": "vous l’avez fait passer à une autre structure", "death": "a pris fin", "protection": "a pris fin", "organisation": "a pris fin"} {
		c := about()
		c.over, c.reason = true, reason
		_, text, _ := letterTo(t, "mandate_ended", c)
		plain := strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(flat(text))
		if !strings.Contains(plain, words) || strings.Contains(plain, "quand vous voulez") {
			t.Errorf("%q:\n%s", reason, text)
		}
		for _, private := range []string{"décès", "mort", "death", "protection", "tutelle", "erreur", "mistake"} {
			if strings.Contains(plain, private) {
				t.Errorf("%q: the letter says %q", reason, private)
			}
		}
		if secret := reason != "citizen" && (strings.Contains(plain, "votre demande") || strings.Contains(plain, "as you asked")); secret {
			t.Errorf("%q: said to be the citizen's wish", reason)
		}
	}
	c := about()
	c.over = true
	if _, text, _ := letterTo(t, "mandate_used", c); !strings.Contains(flat(text), "Ce mandat a pris fin depuis.") || strings.Contains(flat(text), "quand vous voulez") {
		t.Errorf("used, and ended before the mail:\n%s", text)
	}
	c = about()
	later := c.signed.AddDate(0, 0, 10)
	c.starts = &later
	if _, text, _ := letterTo(t, "mandate_signed", c); !strings.Contains(flat(text), "à partir du vendredi 13 novembre 2026 et jusqu’au") || !strings.Contains(flat(text), "from Friday 13 November 2026 until") {
		t.Errorf("a later start:\n%s", text)
	}
	c = about()
	c.replaces = true
	if _, text, _ := letterTo(t, "mandate_signed", c); !strings.Contains(flat(text), "Il prend la place") || !strings.Contains(flat(text), "It takes the place") {
		t.Errorf("a signature that replaces:\n%s", text)
	}
}

// What was not a login is not called one; a last mail says that it is the last; and one that goes although no mails are wanted says why.
func TestTexts_ToCitizens_OfWhatIsOtherwise(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		kind         string
		change       func(*toCitizen)
		says, others []string
	}{
		"declared": {"mandate_used", func(c *toCitizen) { c.declared = true }, []string{"C’est elle qui le déclare. Elle l’a fait avec le mandat", "It says so itself. It did so with the mandate"},
			[]string{"s’est connectée", "signed in to an online"}},
		"a login":  {"mandate_used", func(*toCitizen) {}, []string{"s’est connectée en votre nom", "signed in to an online public service"}, []string{"déclare", "says so"}},
		"the last": {"mandate_signed", func(c *toCitizen) { c.quiet = true }, []string{"celui-ci est le dernier", "this one is the last", "quand vous voulez"}, []string{"chaque fois que ce mandat servira", "each time the mandate"}},
		"a number": {"phone_verified", func(c *toCitizen) { c.guards = true }, []string{"peut valoir votre accord", "can count as your agreement"}, []string{"Celui-ci part quand même", "nevertheless", "mettre fin à ce mandat", "end this mandate"}},
		"although": {"phone_verified", func(c *toCitizen) { c.guards, c.quiet = true, true }, []string{"Celui-ci part quand même", "sent nevertheless"}, []string{"mettre fin à ce mandat"}},
	} {
		c := about()
		x.change(c)
		subject, text, markup := letterTo(t, x.kind, c)
		sound(t, x.kind, subject, text, markup)
		plain := strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(flat(text))
		for _, words := range x.says {
			if !strings.Contains(plain, words) {
				t.Errorf("%s: %q is not in\n%s", name, words, text)
			}
		}
		for _, words := range x.others {
			if strings.Contains(plain, words) {
				t.Errorf("%s: %q is in\n%s", name, words, text)
			}
		}
	}
}

// The name and address of an organisation are somebody else's words: they make no link, header or paragraph.
func TestTexts_ToCitizens_OfHostileOrganisations(t *testing.T) {
	t.Parallel()
	c := about()
	c.organisation.Name, c.organisation.Address, c.organisation.Phone = "<b>X</b>\r\n\r\nhttps://evil.example", "1 rue\n\nwww.evil.example x@evil.example", "12\n\nhttps://evil.example"
	subject, text, markup := letterTo(t, "mandate_used", c)
	if strings.Contains(text, "evil.example") || strings.Contains(text, "://evil") || strings.Contains(text, "@evil") || strings.ContainsAny(subject, "\r\n") || strings.Contains(markup, "<b>") || strings.Contains(markup, `href="https://evil`) {
		t.Errorf("%q\n%s", subject, text)
	}
}
