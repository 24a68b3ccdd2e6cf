package page

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

var errBadForm = errors.New("the form cannot be read")

// Form is what a browser sent, and what is wrong with it. Mistakes are values, not errors: the page is shown again with
// everything that was entered. The nil *Form is an empty one, so a page struct holds one before anything was sent.
type Form struct {
	values   url.Values
	mistakes []Mistake
	kept     bool
	left     bool
}

// Mistake is a field that has to be entered again. Its input (or the first of its group) has the id "field-" + Field.
type Mistake struct {
	Field string
	Text  string // i18n key
}

// ParseForm reads the body of a POST. Query parameters are not mixed in.
func ParseForm(r *http.Request) (*Form, error) {
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, err
		}
		return nil, errBadForm // the parser's error may quote what was sent
	}
	for _, values := range r.PostForm {
		for _, v := range values {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return nil, errBadForm
			}
		}
	}
	return &Form{values: r.PostForm}, nil
}

// FilledForm returns a form with values in it, for showing what was kept.
func FilledForm(values url.Values) *Form { return &Form{values: values} }

// KeptForm returns a form with what was entered before somebody had to give their second factor: its page says that nothing is done yet.
func KeptForm(values url.Values) *Form { return &Form{values: values, kept: true} }

// Kept reports whether this is a KeptForm.
func (f *Form) Kept() bool { return f != nil && f.kept }

// LeftForm is a KeptForm of what was sent when the session had ended.
func LeftForm(values url.Values) *Form { return &Form{values: values, kept: true, left: true} }

// Left reports whether this is a LeftForm.
func (f *Form) Left() bool { return f != nil && f.left }

// Entered returns what was sent for the fields named, or for all of them when none is.
func (f *Form) Entered(fields ...string) url.Values {
	if len(fields) == 0 {
		return f.values
	}
	out := url.Values{}
	for _, name := range fields {
		if values := f.Values(name); values != nil {
			out[name] = values
		}
	}
	return out
}

// Some returns what was sent for these fields and nothing else; one that ends in "-" is the beginning of names.
func (f *Form) Some(fields ...string) url.Values {
	out := url.Values{}
	if f == nil {
		return out
	}
	for name, values := range f.values {
		if slices.ContainsFunc(fields, func(x string) bool { return x == name || strings.HasSuffix(x, "-") && strings.HasPrefix(name, x) }) {
			out[name] = values
		}
	}
	return out
}

// Value returns a field without blanks around it, "" when it was not sent.
func (f *Form) Value(name string) string {
	if f == nil {
		return ""
	}
	return strings.TrimSpace(f.values.Get(name))
}

// Values returns all that was sent for a field.
func (f *Form) Values(name string) []string {
	if f == nil {
		return nil
	}
	return f.values[name]
}

// Has reports whether a field was sent with this value: for checkboxes and radio buttons.
func (f *Form) Has(name, value string) bool { return slices.Contains(f.Values(name), value) }

// Ticked reports whether a checkbox of its own (value "on") was ticked.
func (f *Form) Ticked(name string) bool { return f.Has(name, "on") }

// Choice returns a field if it is one of the choices, else "".
func (f *Form) Choice(name string, choices ...string) string {
	if v := f.Value(name); slices.Contains(choices, v) {
		return v
	}
	return ""
}

// Text returns a field; when it is longer than max letters that is a mistake with the key page.form.too_long.
func (f *Form) Text(name string, maxLetters int) string {
	v := f.Value(name)
	if utf8.RuneCountInString(v) > maxLetters {
		f.Fail(name, "page.form.too_long")
	}
	return v
}

// Fail notes a mistake. Mistakes are shown in the order they are noted: that of the fields on the page.
func (f *Form) Fail(field, text string) { f.mistakes = append(f.mistakes, Mistake{field, text}) }

// Failed reports whether there is a mistake.
func (f *Form) Failed() bool { return f != nil && len(f.mistakes) > 0 }

// Mistakes returns what is wrong, for the summary on top of the page.
func (f *Form) Mistakes() []Mistake {
	if f == nil {
		return nil
	}
	return f.mistakes
}

// Mistake returns the key of what is wrong with a field, "" when nothing is.
func (f *Form) Mistake(field string) string {
	for _, m := range f.Mistakes() {
		if m.Field == field {
			return m.Text
		}
	}
	return ""
}
