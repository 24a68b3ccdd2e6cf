package page

import (
	"net/http"
	"strings"
)

// setHeaders sets what every answer carries. Handlers of what may be kept by caches replace Cache-Control; pages replace
// the policy with their own.
func (r *Router) setHeaders(h http.Header, s *state) {
	h.Set("X-Request-Id", s.id)
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()")
	if r.options.Secure {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}

// policy returns the content security policy of a page: our own files and nothing else. Origins to which a form's POST
// is redirected have to be listed, because browsers apply form-action to redirects too.
func policy(c *Common, signOut []string) string {
	forms := []string{"form-action 'self'"}
	forms = append(forms, c.FormOrigins...)
	if c.SignedIn != nil {
		forms = append(forms, signOut...)
	}
	scripts := "script-src 'none'; "
	if len(c.Scripts) > 0 {
		scripts = "script-src 'self'; connect-src 'self'; "
	}
	return "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; " + scripts + "base-uri 'none'; " +
		"frame-ancestors 'none'; " + strings.Join(forms, " ")
}
