package receipt

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mandat/internal/fixture"
)

// independent checks a receipt and its list with nothing of ours and no library for JWTs: Node's own cryptography and zlib. It is docs/receipt.md,
// "Without our program".
const independent = `
import crypto from 'node:crypto'
import fs from 'node:fs'
import zlib from 'node:zlib'
const [folder] = process.argv.slice(-1)
const keys = JSON.parse(fs.readFileSync(folder + '/keys')).keys
function open(file, typ) {
  const [head, body, signature] = fs.readFileSync(folder + '/' + file, 'utf8').trim().split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url'))
  const jwk = keys.find(k => k.kid === header.kid)
  if (header.alg !== 'ES256' || header.typ !== typ || !jwk) throw new Error('header ' + JSON.stringify(header))
  const point = crypto.createHash('sha256').update(JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y })).digest('base64url')
  if (point !== jwk.kid) throw new Error('the kid is not the thumbprint of the key')
  const key = { key: crypto.createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }
  if (!crypto.verify('sha256', Buffer.from(head + '.' + body), key, Buffer.from(signature, 'base64url'))) throw new Error('signature of ' + file)
  return JSON.parse(Buffer.from(body, 'base64url'))
}
const receipt = open('receipt', 'mandate-receipt+jwt'), list = open('list', 'statuslist+jwt')
const { idx, uri } = receipt.status.status_list, { bits, lst } = list.status_list
if (list.sub !== uri) throw new Error('another list')
const bytes = zlib.inflateSync(Buffer.from(lst, 'base64url'))
const at = idx * bits
console.log(JSON.stringify({ receipt, status: bytes[at >> 3] >> (at & 7) & ((1 << bits) - 1), places: bytes.length * 8 / bits }))
`

func TestIndependentVerifier(t *testing.T) {
	t.Parallel()
	w, folder := newWorld(t), t.TempDir()
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	text, _ := w.issue(t, w.Jeanne, m.ID)
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check := func() (string, error) {
		t.Helper()
		list, err := w.register().List(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		write("list", list)
		out, err := exec.CommandContext(t.Context(), "node", filepath.Join(folder, "check.mjs"), folder).CombinedOutput()
		return string(out), err
	}
	write("check.mjs", independent)
	write("keys", string(w.keys.JWKS()))
	write("receipt", text)
	want := func(status int) {
		t.Helper()
		out, err := check()
		var got struct {
			Receipt struct {
				Citizen map[string]string `json:"citizen"`
				Exp     int64             `json:"exp"`
			} `json:"receipt"`
			Status, Places int
		}
		if err != nil || json.Unmarshal([]byte(out), &got) != nil || got.Status != status || got.Places != 1<<17 || got.Receipt.Exp != m.EndsAt.Unix() || got.Receipt.Citizen["family_name"] != "DUBOIS" {
			t.Errorf("want status %d: %s, %v", status, out, err)
		}
	}
	want(0)
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "completed"); err != nil {
		t.Fatal(err)
	}
	want(3)
	w.end(t, m)
	want(1)
	parts := strings.Split(text, ".")
	write("receipt", parts[0]+"."+parts[1][:40]+"A"+parts[1][41:]+"."+parts[2])
	if out, err := check(); err == nil {
		t.Errorf("a changed one is taken: %s", out)
	}
}
