package account_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"mandat/internal/session"
)

// The name of a passkey waits for who has to give a factor first, whether they or their authenticator took long. It is there once.
func TestPasskey_KeepsTheNameAtAStepUp(t *testing.T) {
	t.Parallel()
	const path = "/compte/facteurs/cle"
	d, _, code, b := home(t)
	for _, slow := range []string{"person", "authenticator"} {
		asked, sent := path+"/debut", map[string]any{"name": "Clé <" + slow + ">"}
		d.Clock.Advance(14 * time.Minute)
		if slow == "authenticator" {
			_, question := d.Script(t, b, asked, sent)
			encoded, err := json.Marshal(question)
			if err != nil {
				t.Fatal(err)
			}
			made, err := d.Key(t).Create(encoded)
			if err != nil {
				t.Fatal(err)
			}
			asked, sent["response"] = path+"/fin", json.RawMessage(made)
		}
		d.Clock.Advance(4 * time.Minute)
		status, answer := d.Script(t, b, asked, sent)
		if status != http.StatusOK || answer["location"] != session.ConfirmPath {
			t.Fatalf("%s: %d %v", slow, status, answer)
		}
		get(t, b, d.URL+session.ConfirmPath)
		press(t, b, "Valider le code", "code", code())
		if b.URL().Path != path || !strings.Contains(string(b.Body()), `value="Clé &lt;`+slow+`&gt;"`) {
			t.Errorf("%s: at %s: %s", slow, b.URL(), b.Body())
		}
		says(t, b, 200, "Rien n’est encore enregistré")
		get(t, b, d.URL+path)
		if strings.Contains(string(b.Body()), "Clé &lt;") {
			t.Errorf("%s: the name is still there", slow)
		}
	}
}
