package conformance

import (
	"strings"
	"testing"

	"mandat/internal/twin/twintest"
)

var backchannelOP = []trial[*op]{
	{name: "oidcc-backchannel-logout-discovery-endpoint-verification", run: backchannelMetadata},
	{name: "oidcc-backchannel-rp-initiated-logout", run: backchannelLogout, note: "the stand-in of a service verifies the logout token with another library"},
}

func backchannelMetadata(t *testing.T, o *op) {
	for _, name := range []string{"backchannel_logout_supported", "backchannel_logout_session_supported"} {
		if o.metadata[name] != true {
			t.Errorf("%s is %v", name, o.metadata[name])
		}
	}
	o.endpoint(t, "end_session_endpoint")
}

// backchannelLogout lets a service end its use, and expects a logout token at its address, and the browser back.
func backchannelLogout(t *testing.T, o *op) {
	tw, n := twintest.Shared(t), o.neighbour
	n.Issuer = o.URL + "/idp"
	if err := tw.PutDirect(t.Context(), n.DirectService); err != nil {
		t.Fatal(err)
	}
	w := o.Walker(t, o.Jeanne)
	enter(t, tw, w, n.ID)
	told := n.told(t, tw)
	if err := w.Press("logout="+n.ID, nil); err != nil || !strings.HasPrefix(w.URL().String(), tw.Home(n.ID)+"?state=") {
		t.Fatalf("at %s: %v", w.URL(), err)
	}
	n.endTold(t, tw, told.Logins[0])
}
