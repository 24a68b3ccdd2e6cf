package notify

import (
	"bytes"
	"fmt"
	htmltemplate "html/template"
	"path"
	"regexp"
	"strings"
	"sync"
	"text/template"

	"mandat/internal/mail"
	"mandat/internal/prose"
	"mandat/web"
)

// facts are what texts may say.
type facts struct {
	Name   string // the receiver's given name
	Place  string // the organisation that invites, or that it is about, in quotation marks; "" when an administrator is invited
	Link   string
	Code   string
	When   string // when what it tells happened
	Until  string // the certificate's end
	Due    string // when a reset is done, or an invitation is over
	Device string // browser and system
	Net    string // its network
	Left   int    // recovery codes, accounts to write, or mandates that end
	Site   string // address of the site

	By               string // who invites; "" is the operator
	Above            bool   // they administer the service
	Aidant, Referent bool   // as what

	// To citizens, about a mandate; Until is its last day.
	Signed, Starts, Ended                      string // the day of its signature, that from which it stands if later, the instant of its end
	Phone, Address                             string // of the organisation
	ServicePhone, ServiceEmail, ServiceAddress string
	Uses                                       int // how many, and from when to when
	First, Last                                string
	Over, Expired, Wished, Moved               bool   // it stands no more; because its time was over; because the citizen ended it, or had it pass to another organisation
	Replaces                                   bool   // it took the place of an earlier one
	Quiet, Guards, Declared                    bool   // see toCitizen
	Erased                                     string // the day on which what is known of them is erased
}

// domain is what programs that show mails would make a link of.
var domain = regexp.MustCompile(`\.([\pL\pN-]{2,})`)

// harmless takes from names what would make paragraphs and links of their own: somebody else chose them.
func harmless(name string) string {
	name = strings.NewReplacer("://", " ", "@", " ").Replace(name)
	return strings.Join(strings.Fields(domain.ReplaceAllString(name, ". $1")), " ")
}

// quoted says where somebody else's words begin and end, which hold no such marks themselves.
func quoted(lang, words string) string {
	words = strings.TrimSpace(strings.NewReplacer("«", " ", "»", " ", "“", " ", "”", " ", "\"", " ").Replace(words))
	switch {
	case words == "":
		return ""
	case lang == "en":
		return "“" + words + "”"
	}
	return "«\u00a0" + words + "\u00a0»"
}

func (f *facts) complete(m *message, site string) {
	f.Name, f.Place, f.Device, f.By = harmless(f.Name), quoted(m.lang, harmless(f.Place)), harmless(f.Device), harmless(f.By)
	f.Site, f.When = site, prose.DateTime(m.lang, m.at)
	if m.until != nil {
		f.Until = prose.Date(m.lang, *m.until)
	}
	if m.effective != nil {
		f.Due = prose.DateTime(m.lang, *m.effective)
	}
	if m.network != nil {
		f.Net = m.network.String()
	}
}

// texts are the files of web/mail. That of a kind and language holds the subject, an empty line, and paragraphs with empty lines
// between them; a link stands in a paragraph of its own. The HTML is made from the same paragraphs.
type texts struct {
	plain  map[string]*template.Template
	layout *htmltemplate.Template
}

// load reads them once: they are the program's own.
var load = sync.OnceValues(func() (texts, error) {
	t := texts{plain: map[string]*template.Template{}}
	for name := range kinds {
		for _, lang := range []string{"fr", "en"} {
			file := name + "." + lang
			content, err := web.Files.ReadFile(path.Join("mail", file+".txt"))
			if err != nil {
				return t, err
			}
			text := string(content)
			for _, common := range endings(kinds[name]) {
				end, err := web.Files.ReadFile("mail/" + common + "." + lang + ".txt")
				if err != nil {
					return t, err
				}
				text += "\n" + string(end)
			}
			if t.plain[file], err = template.New(file).Option("missingkey=error").Parse(text); err != nil {
				return t, err
			}
		}
	}
	var err error
	t.layout, err = htmltemplate.ParseFS(web.Files, "mail/layout.html")
	return t, err
})

// endings are the texts with which a message ends, in files of their own.
func endings(k kind) []string {
	switch {
	case k.secret == mailsSecret:
		return []string{"mandate_end", "mandate_link", "mandate_never"}
	case k.secret == noLink:
		return []string{"mandate_end", "mandate_never"}
	case k.channel == byMail:
		return []string{"end"}
	}
	return nil
}

// paragraphs executes a text. Lines of a paragraph are one.
func (t texts) paragraphs(name, lang string, f facts) ([]string, error) {
	var b bytes.Buffer
	if err := t.plain[name+"."+lang].Execute(&b, f); err != nil {
		return nil, fmt.Errorf("write a message: %w", err)
	}
	var out []string
	for p := range strings.SplitSeq(b.String(), "\n\n") {
		if p = strings.Join(strings.FieldsFunc(p, breakable), " "); p != "" {
			out = append(out, prose.Spaces(lang, p))
		}
	}
	return out, nil
}

// breakable tells the spaces at which a line may end: a telephone number holds others.
func breakable(r rune) bool { return strings.ContainsRune(" \t\r\n", r) }

// short is the text of an SMS.
func (t texts) short(name, lang string, f facts) (string, error) {
	all, err := t.paragraphs(name, lang, f)
	return strings.Join(all, "\n"), err
}

type paragraph struct {
	Text  string
	Link  bool   // it is a link
	Code  bool   // it is a code to type
	Title bool   // it is the title of the part in another language
	Lang  string // if not that of the mail
}

// part makes the paragraphs of one language, and their text.
func part(all []string, f facts, lang string) ([]paragraph, []string) {
	var out []paragraph
	lines := make([]string, 0, len(all))
	for _, p := range all {
		out = append(out, paragraph{Text: p, Link: f.Link != "" && p == f.Link, Code: f.Code != "" && p == f.Code, Lang: lang})
		lines = append(lines, wrap(p))
	}
	return out, lines
}

// letter is a mail but for its address and id.
func (t texts) letter(name, lang string, f facts) (mail.Letter, error) {
	all, err := t.paragraphs(name, lang, f)
	if err != nil {
		return mail.Letter{}, err
	}
	paragraphs, lines := part(all[1:], f, "")
	return t.envelop(mail.Letter{Lang: lang, Subject: all[0], Text: strings.Join(lines, "\n\n") + "\n"}, lang, all[0], paragraphs)
}

// bilingual is the letter to somebody whose language is not known: French, and the same in English below, which its second line says.
func (t texts) bilingual(name string, french, english facts) (mail.Letter, error) {
	above, err := t.paragraphs(name, "fr", french)
	if err != nil {
		return mail.Letter{}, err
	}
	below, err := t.paragraphs(name, "en", english)
	if err != nil {
		return mail.Letter{}, err
	}
	paragraphs, lines := part(above[1:], french, "")
	more, moreLines := part(below, english, "en")
	more[0].Title = true
	hint := "English text below."
	paragraphs = append(append([]paragraph{{Text: hint, Lang: "en"}}, paragraphs...), more...)
	lines = append(append([]string{hint}, lines...), append([]string{strings.Repeat("-", 20)}, moreLines...)...)
	return t.envelop(mail.Letter{Lang: "fr, en", Subject: above[0] + " / " + below[0], Text: strings.Join(lines, "\n\n") + "\n"}, "fr", above[0], paragraphs)
}

// envelop adds the HTML.
func (t texts) envelop(l mail.Letter, lang, title string, all []paragraph) (mail.Letter, error) {
	var b bytes.Buffer
	err := t.layout.ExecuteTemplate(&b, "layout.html", struct {
		Lang, Subject string
		Paragraphs    []paragraph
	}{lang, title, all})
	if err != nil {
		return mail.Letter{}, fmt.Errorf("write a message: %w", err)
	}
	l.HTML = b.String()
	return l, nil
}

// width is how long a line of text may be (RFC 5322 section 2.1.1 advises 78).
const width = 74

// wrap breaks a paragraph into lines, never inside a word.
func wrap(text string) string {
	var b strings.Builder
	used := 0
	for i, word := range strings.Split(text, " ") {
		n := len([]rune(word))
		switch {
		case i == 0:
		case used+1+n > width:
			b.WriteByte('\n')
			used = 0
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	return b.String()
}
