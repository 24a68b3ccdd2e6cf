package oidc

import (
	"net/http"
	"time"
)

// Code is an error code of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, OpenID Connect Core §3.1.2.6, or OpenID Connect
// Core Error Code unmet_authentication_requirements; or what its line says.
type Code string

// The codes our provider answers with.
const (
	InvalidRequest              Code = "invalid_request"
	UnsupportedResponseType     Code = "unsupported_response_type"
	InvalidScope                Code = "invalid_scope"
	AccessDenied                Code = "access_denied"
	ServerError                 Code = "server_error"
	TemporarilyUnavailable      Code = "temporarily_unavailable"
	LoginRequired               Code = "login_required"
	InteractionRequired         Code = "interaction_required"
	RequestNotSupported         Code = "request_not_supported"
	InvalidAuthorizationDetails Code = "invalid_authorization_details" // RFC 9396 §5
	RequestURINotSupported      Code = "request_uri_not_supported"
	UnmetAuthentication         Code = "unmet_authentication_requirements"
	InvalidClient               Code = "invalid_client"
	InvalidGrant                Code = "invalid_grant"
	UnsupportedGrantType        Code = "unsupported_grant_type"
	InvalidToken                Code = "invalid_token"
	SlowDown                    Code = "slow_down"
	UnauthorizedClient          Code = "unauthorized_client"
	InsufficientScope           Code = "insufficient_scope" // RFC 6750 §3.1
	InvalidDPoPProof            Code = "invalid_dpop_proof" // RFC 9449 §12.2
)

// Error is an answer to a client. Description is for the client's developers: ASCII without quotes and backslashes (RFC
// 6749 §5.2), and never anything the caller sent.
type Error struct {
	Code        Code   `json:"error"`
	Description string `json:"error_description,omitempty"`

	RetryAfter time.Duration `json:"-"` // with SlowDown: when to come back
}

// Refuse returns an Error with these words.
func Refuse(code Code, description string) *Error {
	return &Error{Code: code, Description: description}
}

// Error returns code and description.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Description }

// Status is the HTTP status with which a token or userinfo endpoint answers this error.
func (e *Error) Status() int {
	switch e.Code {
	case InvalidClient, InvalidToken:
		return http.StatusUnauthorized
	case InsufficientScope:
		return http.StatusForbidden
	case SlowDown:
		return http.StatusTooManyRequests
	case TemporarilyUnavailable:
		return http.StatusServiceUnavailable
	case ServerError:
		return http.StatusInternalServerError
	default:
		return http.StatusBadRequest
	}
}
