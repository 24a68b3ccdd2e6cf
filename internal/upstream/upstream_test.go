package upstream

import (
	"strings"
	"testing"

	ours "mandat/internal/oidc"
)

// The rest of this package is tested where it is used, against a provider that lies: packages proconnect and franceconnect.

func TestNew_RefusesWhatIsNotSafe(t *testing.T) {
	t.Parallel()
	sound := Config{Issuer: "https://provider.invalid/api/v2", ClientID: "mandat", ClientSecret: "secret", RedirectURL: "https://mandat.invalid/retour", Algorithm: "RS256"}
	for name, change := range map[string]func(*Config){
		"":                  func(*Config) {},
		"loopback":          func(c *Config) { c.Issuer = "http://127.0.0.3:4000/api/v2" },
		"localhost":         func(c *Config) { c.Issuer = "http://localhost:4000" },
		"! http":            func(c *Config) { c.Issuer = "http://provider.invalid" },
		"! almost loopback": func(c *Config) { c.Issuer = "http://127.evil.invalid" },
		"! file":            func(c *Config) { c.Issuer = "file:///etc/passwd" },
		"! nothing":         func(c *Config) { c.Issuer = "" },
		"! query":           func(c *Config) { c.Issuer += "?a=b" },
		"! HS256":           func(c *Config) { c.Algorithm = "HS256" },
		"! none":            func(c *Config) { c.Algorithm = "none" },
		"keys":              func(c *Config) { c.ClientSecret, c.Keys = "", func() *ours.KeySet { return &ours.KeySet{} } },
		"! no secret":       func(c *Config) { c.ClientSecret = "" },
		"! secret and keys": func(c *Config) { c.Keys = func() *ours.KeySet { return &ours.KeySet{} } },
		"! no client id":    func(c *Config) { c.ClientID = "" },
		"! no address":      func(c *Config) { c.RedirectURL = "" },
	} {
		c := sound
		change(&c)
		_, err := New(c)
		if refused := strings.HasPrefix(name, "!"); refused != (err != nil) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestSound_RefusesEndpointsLessProtectedThanTheIssuer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		issuer, endpoint string
		want             bool
	}{
		{"https://provider.invalid", "https://provider.invalid/token", true},
		{"https://provider.invalid", "http://provider.invalid/token", false},
		{"https://provider.invalid", "http://127.0.0.1/token", false},
		{"http://127.0.0.3:1", "http://127.0.0.3:1/token", true},
		{"http://127.0.0.3:1", "http://provider.invalid/token", false},
		{"https://provider.invalid", "", false},
		{"https://provider.invalid", "/token", false},
	} {
		p := &Provider{config: Config{Issuer: test.issuer}}
		if got := p.sound(test.endpoint) == nil; got != test.want {
			t.Errorf("%s with endpoint %q: %v", test.issuer, test.endpoint, got)
		}
	}
}
