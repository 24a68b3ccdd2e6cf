package notify

import (
	"bytes"
	"fmt"
	htmltemplate "html/template"
	"path"
	"regexp"
	"strings"
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
	Left   int    // recovery codes
	Site   string // address of the site

	By               string // who invites; "" is the operator
	Above            bool   // they administer the service
	Aidant, Referent bool   // as what
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

func load() (texts, error) {
	t := texts{plain: map[string]*template.Template{}}
	for name := range kinds {
		for _, lang := range []string{"fr", "en"} {
			file := name + "." + lang
			content, err := web.Files.ReadFile(path.Join("mail", file+".txt"))
			if err != nil {
				return t, err
			}
			end, err := web.Files.ReadFile("mail/end." + lang + ".txt")
			if err != nil {
				return t, err
			}
			text := string(content)
			if kinds[name].channel == byMail {
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
}

// paragraphs executes a text. Lines of a paragraph are one.
func (t texts) paragraphs(name, lang string, f facts) ([]string, error) {
	var b bytes.Buffer
	if err := t.plain[name+"."+lang].Execute(&b, f); err != nil {
		return nil, fmt.Errorf("write a message: %w", err)
	}
	var out []string
	for p := range strings.SplitSeq(b.String(), "\n\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			out = append(out, prose.Spaces(lang, p))
		}
	}
	return out, nil
}

// short is the text of an SMS.
func (t texts) short(name, lang string, f facts) (string, error) {
	all, err := t.paragraphs(name, lang, f)
	return strings.Join(all, "\n"), err
}

type paragraph struct {
	Text string
	Link bool // it is a link
	Code bool // it is a code to type
}

// letter is a mail but for its address and id.
func (t texts) letter(name, lang string, f facts) (mail.Letter, error) {
	all, err := t.paragraphs(name, lang, f)
	if err != nil {
		return mail.Letter{}, err
	}
	l := mail.Letter{Lang: lang, Subject: all[0]}
	data := struct {
		Lang, Subject string
		Paragraphs    []paragraph
	}{Lang: lang, Subject: all[0]}
	lines := make([]string, 0, len(all))
	for _, p := range all[1:] {
		data.Paragraphs = append(data.Paragraphs, paragraph{Text: p, Link: f.Link != "" && p == f.Link, Code: f.Code != "" && p == f.Code})
		lines = append(lines, wrap(p))
	}
	l.Text = strings.Join(lines, "\n\n") + "\n"
	var b bytes.Buffer
	if err := t.layout.ExecuteTemplate(&b, "layout.html", data); err != nil {
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
