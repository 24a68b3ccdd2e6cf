package counter

import (
	"cmp"
	"context"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"mandat/internal/draft"
	"mandat/internal/evidence"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/prose"
	"mandat/internal/terms"
)

// proposal is what a draft would become, as its citizen is shown it.
type proposal struct {
	Terms    terms.Frozen
	Texts    []shownText  // the first is the one that is read
	Words    *terms.Words // of the language in which it is
	Controls *terms.Words // of who presses the buttons beside it
	How      *terms.Agreement
	Digest   string // of the texts: what is signed is what was shown
	Question question
	Citizen  uuid.UUID // nil: the organisation does not know them yet
	Alone    bool      // they have to be asked alone
}

// shownText is a text of the recap, exactly as it is kept.
type shownText struct {
	Lang, Dir, Form string
	HTML            template.HTML
}

// question is what the citizen is asked, in the language that they read, so that it shows whether they have understood.
type question struct {
	Lang, Dir, Text, Beside string
	Answers                 []answer
}

// answer has what it is called on the page, too, when that is in another language.
type answer struct{ Value, Text, Beside string }

// rightAnswer is the one that the terms give.
const rightAnswer = "until"

// rows are the people in the room who can be entered; seenRows are those whose fields stand open at first.
const (
	rows     = 5
	seenRows = 2
)

// propose makes the proposal of a draft with an identity, for an agreement given so.
func (s *Site) propose(ctx context.Context, by journal.Actor, o org.Organisation, d draft.Draft, how *terms.Agreement) (proposal, error) {
	p := proposal{How: how}
	var texts []evidence.Text
	var err error
	p.Terms, texts, err = s.Mandates.Proposal(d, o, how)
	switch {
	case errors.Is(err, draft.ErrNotAllowed): // the catalogue has changed since the terms were entered
		return p, page.NewProblem(http.StatusConflict, "aidant.problem.not_allowed", pathOf(d.ID))
	case err != nil:
		return p, err
	}
	if err = p.show(texts); err != nil {
		return p, err
	}
	p.Question = ask(d, p.Terms.EndsAt, how.Lang, p.Words)
	p.Citizen, p.Alone, err = s.Mandates.Known(ctx, by, d.ID)
	return p, err
}

// show takes the texts of a recap as they are kept, and the words of the first one's language.
func (p *proposal) show(texts []evidence.Text) error {
	for i, t := range texts {
		words, err := terms.WordsOf(t.Lang)
		if err != nil {
			return err
		}
		if i == 0 {
			p.Words, p.Controls = words, words
		}
		p.Texts = append(p.Texts, shownText{t.Lang, words.Dir(), t.Form, template.HTML(t.Bytes)}) //nolint:gosec // a template of ours has escaped what is in it
	}
	p.Digest = mandate.ShownDigest(texts)
	return nil
}

// ask asks when the mandate ends. The right answer does not stand in the same place for every draft.
func ask(d draft.Draft, ends time.Time, lang string, words *terms.Words) question {
	q := question{Lang: lang, Dir: words.Dir(), Text: prose.Spaces(lang, words.Phrase("question"))}
	q.Answers = []answer{{Value: rightAnswer, Text: prose.Date(lang, ends)}, {Value: "later", Text: prose.Date(lang, ends.AddDate(1, 0, 0))}, {Value: "never", Text: words.Phrase("never")}}
	first := int(d.ID[15]) % len(q.Answers)
	q.Answers = slices.Concat(q.Answers[first:], q.Answers[:first])
	return q
}

// forAidant has a page of the aidant's speak to them: the buttons in the language of the page, and the question and its answers in that language too, beside those of the citizen.
func (p *proposal) forAidant(d draft.Draft, lang string) error {
	words, err := terms.WordsOf(lang)
	if err != nil {
		return err
	}
	p.Controls = words
	if lang == p.How.Lang {
		return nil
	}
	same := ask(d, p.Terms.EndsAt, lang, words)
	p.Question.Beside = same.Text
	for i, a := range same.Answers {
		p.Question.Answers[i].Beside = a.Text
	}
	return nil
}

// howOf reads how the citizen agrees from the recap's form: the same for a signature with a passkey and a confirmation with a code. The language and form of the text
// stand in the page's address before there is a form; what is no choice of ours is the usual one.
func howOf(r *http.Request, form *page.Form) *terms.Agreement {
	address := page.FilledForm(r.URL.Query())
	lang := func(f *page.Form) string { return f.Choice("langue", terms.RecapLanguages...) }
	a := &terms.Agreement{Lang: cmp.Or(lang(form), lang(address), page.Lang(r)),
		Reading: form.Choice("reading", terms.Readings...), Understood: form.Choice("understood", rightAnswer), Private: form.Ticked("private")}
	if w, err := terms.WordsOf(a.Lang); err == nil { // otherwise the recap says what is wrong
		forms := w.Forms()
		a.Form = cmp.Or(form.Choice("forme", forms...), address.Choice("forme", forms...), forms[0])
	}
	_ = a.Draw(form.Value("drawn")) // unreadable finds what is none
	for n := range rows {
		role := form.Choice(rowField("role", n), terms.Roles...)
		if role != "" {
			a.Present = append(a.Present, terms.Present{Role: role, Name: form.Value(rowField("name", n))})
		}
	}
	return a
}

// rowField is the name of a field about one of the people in the room.
func rowField(what string, n int) string { return "present_" + what + "_" + strconv.Itoa(n+1) }

// kept are the fields of the recap that wait while the aidant gives their second factor.
func kept() []string {
	out := []string{"agreed", "version", "shown", "langue", "forme", "reading", "understood", "private", "drawn"}
	for n := range rows {
		out = append(out, rowField("role", n), rowField("name", n))
	}
	return out
}

// mistakes notes what the form of a recap lacks, in the order of the page.
func (p proposal) mistakes(form *page.Form) {
	if p.How.Reading == "" {
		form.Fail("reading", "recap.wrong.reading")
	}
	for n := range rows {
		role, name := form.Value(rowField("role", n)), form.Value(rowField("name", n))
		alone := terms.Agreement{Lang: p.How.Lang, Form: p.How.Form, Reading: terms.Readings[0], Present: []terms.Present{{Role: terms.Roles[0], Name: name}}}
		switch {
		case role == "" && name != "":
			form.Fail(rowField("role", n), "recap.wrong.role")
		case alone.Check() != nil:
			form.Fail(rowField("name", n), "recap.wrong.name")
		}
	}
	switch form.Value("understood") {
	case rightAnswer:
	case "":
		form.Fail("understood", "recap.wrong.unanswered")
	default:
		form.Fail("understood", "recap.wrong.understood")
	}
	if p.unreadable(form) {
		form.Fail("drawn", "recap.wrong.drawn")
	}
	if p.Alone && !p.How.Private {
		form.Fail("private", "recap.wrong.private")
	}
	if !form.Ticked("agreed") {
		form.Fail("agreed", "aidant.recap.wrong.agreed")
	}
}

// unreadable reports whether the form has a drawing that is none.
func (p proposal) unreadable(form *page.Form) bool {
	return form.Value("drawn") != "" && p.How.Drawing == nil
}

// sameAs tells whether a form was filled in over this version of the draft and these very texts: midnight moves the last day. One that does not say which texts
// were shown is told first what else is missing, and signs nothing (mandate.ErrOtherTerms).
func (p proposal) sameAs(form *page.Form, d draft.Draft) bool {
	shown := form.Value("shown")
	return form.Value("version") == strconv.Itoa(d.Version) && (shown == "" || shown == p.Digest)
}
