package details

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mandat/internal/oidc"
)

const issuer = "https://mandat.exemple.test/idp"

func object(rest string) string { return `{"type":"` + Type(issuer) + `"` + rest + `}` }

func TestParse_Understands(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]Asked{
		`[` + object(``) + `]`:                             {All: true},
		`[` + object(`,"actions":["argent-impots"]`) + `]`: {Actions: []string{"argent-impots"}},
		`[` + object(`,"actions":["a","b","a"]`) + `,` + object(`,"actions":["b","c"]`) + `]`: {Actions: []string{"a", "b", "c"}},
		` [ ` + object(`,"actions":["a"]`) + `,` + object(``) + `]`:                           {All: true, Actions: []string{"a"}},
		`[` + strings.Repeat(object(``)+`,`, maxObjects-1) + object(``) + `]`:                 {All: true},
		`[` + object(`,"actions":["`+strings.Repeat("a", maxAction)+`"]`) + `]`:               {Actions: []string{strings.Repeat("a", maxAction)}},
		`[` + object(`,"actions":[`+strings.Repeat(`"a",`, maxActions-1)+`"a"]`) + `]`:        {Actions: []string{"a"}},
		`[` + object(``) + strings.Repeat(" ", MaxLength-2-len(object(``))) + `]`:             {All: true},
	} {
		if got, err := Parse(issuer, raw); err != nil || got.All != want.All || !slices.Equal(got.Actions, want.Actions) {
			t.Errorf("%.80s: %+v %v", raw, got, err)
		}
	}
}

func TestParse_Refuses(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]error{
		``: ErrMalformed, `x`: ErrMalformed, `{}`: ErrMalformed, `[]`: ErrMalformed, `null`: ErrMalformed, `[null]`: ErrMalformed, `["a"]`: ErrMalformed, `[{}]`: ErrMalformed,
		object(``):                                                                   ErrMalformed,
		`[{"type":7}]`:                                                               ErrMalformed,
		`[{"type":null}]`:                                                            ErrUnknown,
		`[{"type":"openid_credential"}]`:                                             ErrUnknown,
		`[{"type":"` + issuer + `/types/other"}]`:                                    ErrUnknown,
		`[{"TYPE":"` + Type(issuer) + `"}]`:                                          ErrMalformed,
		`[` + object(`,"identifier":"x"`) + `]`:                                      ErrUnknown,
		`[` + object(`,"locations":["x"]`) + `]`:                                     ErrUnknown,
		`[` + object(`,"Actions":["a"]`) + `]`:                                       ErrUnknown,
		`[` + object(`,"actions":[]`) + `]`:                                          ErrMalformed,
		`[` + object(`,"actions":null`) + `]`:                                        ErrMalformed,
		`[` + object(`,"actions":[""]`) + `]`:                                        ErrMalformed,
		`[` + object(`,"actions":[null]`) + `]`:                                      ErrMalformed,
		`[` + object(`,"actions":"a"`) + `]`:                                         ErrMalformed,
		`[` + object(`,"actions":[1]`) + `]`:                                         ErrMalformed,
		`[` + object(``) + `,{"type":"x"}]`:                                          ErrUnknown,
		`[` + object(``) + `] x`:                                                     ErrMalformed,
		"[" + object(`,"actions":["`+"\xff"+`"]`) + "]":                              ErrMalformed,
		`[` + strings.Repeat(object(``)+`,`, maxObjects) + object(``) + `]`:          ErrMalformed,
		`[` + object(`,"actions":["`+strings.Repeat("a", maxAction+1)+`"]`) + `]`:    ErrMalformed,
		`[` + object(`,"actions":[`+strings.Repeat(`"a",`, maxActions)+`"a"]`) + `]`: ErrMalformed,
		`[` + object(``) + strings.Repeat(" ", MaxLength-1-len(object(``))) + `]`:    ErrMalformed,
	} {
		if got, err := Parse(issuer, raw); !errors.Is(err, want) || got.All || got.Actions != nil {
			t.Errorf("%.80s: %+v %v", raw, got, err)
		}
	}
}

// What a request may name is in the schema, and the schema's name is its address.
func TestSchema_IsOfTheType(t *testing.T) {
	t.Parallel()
	b, err := Schema(issuer)
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		ID         string                     `json:"$id"`
		Required   []string                   `json:"required"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(b, &schema); err != nil || schema.ID != Type(issuer) || !slices.Equal(schema.Required, []string{"type"}) || !strings.Contains(string(schema.Properties["type"]), Type(issuer)) {
		t.Errorf("%s: %v", b, err)
	}
	told := reflect.TypeFor[oidc.MandateDetail]()
	if told.NumField() != len(schema.Properties) {
		t.Errorf("%d members are described, %d are told", len(schema.Properties), told.NumField())
	}
	for i := range told.NumField() {
		if member, _, _ := strings.Cut(told.Field(i).Tag.Get("json"), ","); schema.Properties[member] == nil {
			t.Errorf("%s is not described", member)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`[` + object(`,"actions":["argent-impots-declaration"]`) + `]`)
	f.Add(`[{"type":"x"}]`)
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := Parse(issuer, raw)
		if err != nil {
			if got.All || got.Actions != nil || !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnknown) {
				t.Fatalf("%q: %+v %v", raw, got, err)
			}
			return
		}
		if !got.All && len(got.Actions) == 0 || len(got.Actions) > maxObjects*maxActions {
			t.Fatalf("%q is accepted and asks for %+v", raw, got)
		}
		for _, action := range got.Actions {
			if action == "" || len(action) > maxAction {
				t.Fatalf("%q asks for %q", raw, action)
			}
		}
	})
}
