// Package details is our one type of authorization_details (RFC 9396): what a public service may ask about a mandate, and the JSON
// Schema of what it is told. It is pure: it knows no client and no catalogue.
package details

import (
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"
)

// Path is where the type's schema is served, below the issuer. The type is that address.
const Path = "/types/mandate"

// Type is the value of type in authorization_details.
func Type(issuer string) string { return issuer + Path }

// Limits of what is asked.
const (
	MaxLength  = 4096 // bytes of the parameter
	maxObjects = 8
	maxActions = 100 // of one object
	maxAction  = 128 // bytes
)

// The two members of an object that is asked. Others are refused, as RFC 9396 §5 wants it: what we do not understand would be
// granted by overlooking it.
const (
	memberType    = "type"
	memberActions = "actions"
)

// What is wrong with authorization_details. Both are invalid_authorization_details (RFC 9396 §5).
var (
	ErrMalformed = errors.New("authorization_details are malformed or too large")
	ErrUnknown   = errors.New("authorization_details have a type or a member that is not supported")
)

// Asked is what authorization_details ask for: a power for one of these procedures.
type Asked struct {
	All     bool     // every procedure that the client serves
	Actions []string // keys of the catalogue, as received, without doubles
}

// Parse reads authorization_details, a JSON array of at least one object of our type. Several objects ask for all that each asks.
// It returns ErrMalformed or ErrUnknown.
func Parse(issuer, raw string) (Asked, error) {
	var out Asked
	if len(raw) > MaxLength || !utf8.ValidString(raw) {
		return out, ErrMalformed
	}
	var objects []map[string]json.RawMessage
	if err := json.Unmarshal([]byte(raw), &objects); err != nil || len(objects) == 0 || len(objects) > maxObjects {
		return out, ErrMalformed
	}
	for _, object := range objects {
		if err := out.take(issuer, object); err != nil {
			return Asked{}, err
		}
	}
	return out, nil
}

func (a *Asked) take(issuer string, object map[string]json.RawMessage) error {
	var kind string
	if err := json.Unmarshal(object[memberType], &kind); err != nil {
		return ErrMalformed
	}
	if kind != Type(issuer) {
		return ErrUnknown
	}
	for member := range object {
		if member != memberType && member != memberActions {
			return ErrUnknown
		}
	}
	raw, named := object[memberActions]
	if !named {
		a.All = true
		return nil
	}
	var actions []*string
	if err := json.Unmarshal(raw, &actions); err != nil || len(actions) == 0 || len(actions) > maxActions {
		return ErrMalformed
	}
	for _, action := range actions {
		if action == nil || *action == "" || len(*action) > maxAction {
			return ErrMalformed
		}
		if !slices.Contains(a.Actions, *action) {
			a.Actions = append(a.Actions, *action)
		}
	}
	return nil
}
