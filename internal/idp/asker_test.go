package idp_test

import "testing"

// The sign-in page names the service to whose request somebody comes back, and nobody who is not registered.
func TestAsker_IsARegisteredServiceAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, pusher())
	for path, want := range map[string]string{
		"/idp/authorize?" + request().Encode():                    "FranceConnect",
		bring("urn:x"):                                            "Service qui pousse",
		"/idp/authorize?client_id=nobody":                         "",
		"/idp/authorize?client_id=%zz":                            "",
		"/espace?client_id=" + fc:                                 "",
		"https://elsewhere.example/idp/authorize?client_id=" + fc: "",
		"": "",
	} {
		if name, err := s.provider.Asker(t.Context(), path); name != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", path, name, err, want)
		}
	}
}
