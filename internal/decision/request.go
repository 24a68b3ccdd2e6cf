package decision

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"mandat/internal/oidc"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// Limits of a question.
const (
	maxBody = 8 << 10 // bytes
	maxText = 256     // bytes of any text in it
)

// The words that a question has in places where AuthZEN leaves them to us.
const (
	typeAidant  = "aidant"
	typeCitizen = "citizen"
)

// request is one question.
type request struct {
	actor     string // name of the aidant towards the client's sector
	siret     string // of the organisation
	procedure string // as asked, perhaps not in the catalogue
	citizen   string // name of the citizen towards the client's sector
	reference string // of the one file, "" when none is named
	level     procedure.Level
}

// shape is an object and the members it may have; nil is a text.
type shape map[string]shape

// question is the whole shape of a question. A member that is not here is refused and not ignored: a condition that we do not check must
// not look as if it had been.
var question = shape{
	"subject":  {"type": nil, "id": nil, "properties": {"organisation": nil}},
	"action":   {"name": nil},
	"resource": {"type": nil, "id": nil},
	"context":  {"case": nil, "level": nil},
}

var siret = regexp.MustCompile(`^[0-9]{14}$`)

// parse reads a question. What is wrong with it is told by the names of members alone.
func parse(body []byte) (request, *oidc.Error) {
	if !utf8.Valid(body) {
		return request{}, oidc.Refuse(oidc.InvalidRequest, "the body is not UTF-8")
	}
	texts := map[string]string{}
	d := json.NewDecoder(bytes.NewReader(body))
	if refusal := question.read(d, "", texts); refusal != nil {
		return request{}, refusal
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return request{}, oidc.Refuse(oidc.InvalidRequest, "something follows the question")
	}
	r := request{actor: texts["subject.id"], siret: texts["subject.properties.organisation"], procedure: texts["action.name"], citizen: texts["resource.id"],
		reference: texts["context.case"], level: procedure.Level(texts["context.level"])}
	if _, given := texts["context.level"]; !given {
		r.level = procedure.Act // to do a procedure is at least to fill in and send
	}
	switch {
	case texts["subject.type"] != typeAidant:
		return request{}, oidc.Refuse(oidc.InvalidRequest, "subject.type is not "+typeAidant)
	case texts["resource.type"] != typeCitizen:
		return request{}, oidc.Refuse(oidc.InvalidRequest, "resource.type is not "+typeCitizen)
	case r.actor == "" || r.procedure == "" || r.citizen == "":
		return request{}, oidc.Refuse(oidc.InvalidRequest, "subject.id, action.name or resource.id is missing")
	case !siret.MatchString(r.siret):
		return request{}, oidc.Refuse(oidc.InvalidRequest, "subject.properties.organisation is not a SIRET of 14 digits")
	case !r.level.Covers(procedure.See):
		return request{}, oidc.Refuse(oidc.InvalidRequest, "context.level is none of see, act, sign, pay")
	case utf8.RuneCountInString(r.reference) > terms.MaxCase:
		return request{}, oidc.Refuse(oidc.InvalidRequest, "context.case is too long")
	}
	return r, nil
}

// read reads an object of this shape, and writes its texts under their paths.
func (s shape) read(d *json.Decoder, path string, texts map[string]string) *oidc.Error {
	malformed := oidc.Refuse(oidc.InvalidRequest, "the body is not the JSON of a question")
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return malformed
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return malformed
		}
		inner, known := s[name]
		switch {
		case !known:
			return oidc.Refuse(oidc.InvalidRequest, "a member is unknown in "+within(path))
		case seen[name]:
			return oidc.Refuse(oidc.InvalidRequest, path+name+" is there twice")
		}
		seen[name] = true
		if inner != nil {
			if refusal := inner.read(d, path+name+".", texts); refusal != nil {
				return refusal
			}
			continue
		}
		t, err = d.Token()
		text, ok := t.(string)
		switch {
		case err != nil:
			return malformed
		case !ok:
			return oidc.Refuse(oidc.InvalidRequest, path+name+" is not a text")
		case len(text) > maxText || strings.ContainsFunc(text, unicode.IsControl):
			return oidc.Refuse(oidc.InvalidRequest, path+name+" is too long, or has control characters")
		}
		texts[path+name] = text
	}
	if _, err := d.Token(); err != nil {
		return malformed
	}
	return nil
}

func within(path string) string {
	if path == "" {
		return "the question"
	}
	return strings.TrimSuffix(path, ".")
}
