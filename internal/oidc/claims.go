package oidc

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of the claims parameter. FranceConnect's is about 400 bytes.
const (
	maxClaims   = 4096 // bytes
	maxMembers  = 32   // claims named, and values of one claim
	maxClaimLen = 128  // bytes of a name or a value
)

// ErrClaims says that a claims parameter is not what OpenID Connect Core §5.5 describes, or is over our limits.
var ErrClaims = errors.New("the claims parameter is malformed or too large")

// ClaimsRequest is what we heed of a claims parameter.
type ClaimsRequest struct {
	UserInfo      []string // userinfo claims asked for by name, of those we know, sorted
	RepScopeAsked bool     // id_token.rep_scope was asked for
	RepScope      []string // the values it may have, as received; empty is any
	ACR           []string // the values of id_token.acr if it was asked as essential; empty is any
}

type member struct {
	Essential bool     `json:"essential"`
	Value     *string  `json:"value"`
	Values    []string `json:"values"`
}

// all returns the values asked for, in whichever form.
func (m *member) all() []string {
	if m == nil {
		return nil
	}
	if m.Value != nil {
		return append([]string{*m.Value}, m.Values...)
	}
	return m.Values
}

// ParseClaims reads a claims parameter. Members we do not know are ignored, as they must be; "" asks for nothing. It
// returns ErrClaims.
func ParseClaims(raw string) (ClaimsRequest, error) {
	var out ClaimsRequest
	if raw == "" {
		return out, nil
	}
	if len(raw) > maxClaims || !utf8.ValidString(raw) || strings.Contains(raw, `\u0000`) {
		return out, ErrClaims
	}
	var request *struct {
		IDToken  map[string]json.RawMessage `json:"id_token"`
		UserInfo map[string]json.RawMessage `json:"userinfo"`
	}
	if err := json.Unmarshal([]byte(raw), &request); err != nil || request == nil {
		return out, ErrClaims
	}
	if len(request.IDToken) > maxMembers || len(request.UserInfo) > maxMembers {
		return out, ErrClaims
	}
	for _, name := range Claims() {
		if _, asked := request.UserInfo[name]; asked {
			out.UserInfo = append(out.UserInfo, name)
		}
	}
	acr, err := parseMember(request.IDToken["acr"])
	if err != nil {
		return out, err
	}
	if acr != nil && acr.Essential {
		out.ACR = acr.all()
	}
	perimeter, err := parseMember(request.IDToken["rep_scope"])
	if err != nil {
		return out, err
	}
	_, out.RepScopeAsked = request.IDToken["rep_scope"]
	out.RepScope = perimeter.all()
	return out, nil
}

// parseMember reads one claim's request; null and absent are nil.
func parseMember(raw json.RawMessage) (*member, error) {
	if raw == nil {
		return nil, nil
	}
	var m *member
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, ErrClaims
	}
	values := m.all()
	if len(values) > maxMembers || slices.ContainsFunc(values, func(v string) bool { return v == "" || len(v) > maxClaimLen }) {
		return nil, ErrClaims
	}
	return m, nil
}
