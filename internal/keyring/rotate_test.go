package keyring

import (
	"crypto/ecdsa"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"encoding/json"

	"mandat/internal/oidc"
)

// folder is a folder with the keys of the identity provider, made when.
func folder(t *testing.T, when time.Time) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := Generate(dir, testOrigin, newKeyset(t)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(dir, fileIDPNext), when, when); err != nil {
		t.Fatal(err)
	}
	return dir
}

func loaded(t *testing.T, dir string) *oidc.KeySet {
	t.Helper()
	set, err := loadIDP(dir)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func published(t *testing.T, set *oidc.KeySet) (kids []string) {
	t.Helper()
	var jwks jose.JSONWebKeySet
	if err := json.Unmarshal(set.JWKS(), &jwks); err != nil {
		t.Fatal(err)
	}
	for _, k := range jwks.Keys {
		if _, ok := k.Key.(*ecdsa.PublicKey); !ok || !k.IsPublic() {
			t.Errorf("published %T", k.Key)
		}
		kids = append(kids, k.KeyID)
	}
	return kids
}

func sign(t *testing.T, set *oidc.KeySet) string {
	t.Helper()
	token, err := set.Sign(oidc.IDToken{Issuer: "https://mandat.exemple.invalid", Subject: "s", AccessTokenHash: "h"})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A client that has our keys of before, and one that has those of after, both know what signs; and what was signed before is
// still believed after.
func TestRotate_IsSeenByNobody(t *testing.T) {
	t.Parallel()
	now := time.Now()
	dir := folder(t, now.Add(-NextLife))
	before := loaded(t, dir)
	token := sign(t, before)
	if err := Rotate(dir, now, false); err != nil {
		t.Fatal(err)
	}
	after := loaded(t, dir)
	was, is := published(t, before), published(t, after)
	if len(is) != 3 || is[0] != was[1] || is[2] != was[0] || is[1] == was[0] || is[1] == was[1] {
		t.Errorf("published %v, then %v", was, is)
	}
	if _, err := after.OpenHint(token); err != nil {
		t.Errorf("what was signed before is not believed: %v", err)
	}
	if _, err := before.OpenHint(sign(t, after)); err != nil {
		t.Errorf("who has the keys of before does not know the one that signs: %v", err)
	}
	for _, name := range []string{fileIDPCurrent, fileIDPNext} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	old, err := filepath.Glob(filepath.Join(dir, oldFiles))
	if err != nil || len(old) != 1 {
		t.Fatal(old, err)
	}
	if content, err := os.ReadFile(old[0]); err != nil || strings.Contains(string(content), "PRIVATE") {
		t.Errorf("the private half is kept: %v", err)
	}
}

func TestRotate_RefusesANextKeyThatNobodyKnowsYet(t *testing.T) {
	t.Parallel()
	now := time.Now()
	dir := folder(t, now.Add(-NextLife+time.Minute))
	before := published(t, loaded(t, dir))
	if err := Rotate(dir, now, false); !errors.Is(err, ErrTooEarly) {
		t.Errorf("rotated: %v", err)
	}
	if is := published(t, loaded(t, dir)); len(is) != 2 || is[0] != before[0] {
		t.Errorf("changed: %v", is)
	}
}

// A key that somebody else has is believed no longer, at once; nor is one that signed before, of which they may have a copy.
func TestRotate_ForgetsAStolenKey(t *testing.T) {
	t.Parallel()
	dir := folder(t, time.Now().Add(-NextLife))
	if err := Rotate(dir, time.Now(), false); err != nil {
		t.Fatal(err)
	}
	before := published(t, loaded(t, dir))
	if err := Rotate(dir, time.Now(), true); err != nil {
		t.Fatal(err)
	}
	for _, kid := range published(t, loaded(t, dir)) {
		if slices.Contains(before, kid) {
			t.Error("a stolen key is still believed")
		}
	}
}

func TestRotate_ForgetsOldKeysInTime(t *testing.T) {
	t.Parallel()
	now := time.Now()
	dir := folder(t, now.Add(-NextLife))
	for i, want := range []int{3, 4, 3} { // the third time the first two are over, and the third comes
		at := now.Add(time.Duration(i) * 25 * time.Hour)
		if i == 2 {
			at = now.Add(OldLife + 26*time.Hour)
		}
		if err := Rotate(dir, at, false); err != nil {
			t.Fatal(err)
		}
		if is := published(t, loaded(t, dir)); len(is) != want {
			t.Errorf("%d: published %d keys, want %d", i, len(is), want)
		}
	}
}

// Interrupted between two steps, a rotation leaves a folder that loads or says what is missing.
func TestRotate_Interrupted(t *testing.T) {
	t.Parallel()
	dir, kek := t.TempDir(), newKeyset(t)
	if _, err := Generate(dir, testOrigin, kek); err != nil {
		t.Fatal(err)
	}
	before := published(t, loaded(t, dir))
	if err := keepOld(dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	if is := published(t, loaded(t, dir)); len(is) != 2 || is[0] != before[0] {
		t.Errorf("after the first step: %v", is)
	}
	if err := os.Rename(filepath.Join(dir, fileIDPNext), filepath.Join(dir, fileIDPCurrent)); err != nil {
		t.Fatal(err)
	}
	if _, err := loadIDP(dir); err == nil || !strings.Contains(err.Error(), fileIDPNext) {
		t.Errorf("after the second step: %v", err)
	}
	if _, err := Generate(dir, testOrigin, kek); err != nil {
		t.Fatal(err)
	}
	if is := published(t, loaded(t, dir)); len(is) != 3 || is[0] != before[1] || is[2] != before[0] {
		t.Errorf("mended: %v", is)
	}
}

func TestLoad_RefusesAnOldKeyThatIsNone(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"text": "secret-word", "empty": "", "certificate": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"} {
		dir := folder(t, time.Now())
		if err := os.WriteFile(filepath.Join(dir, "idp-old-x.pem"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadIDP(dir); err == nil || strings.Contains(err.Error(), "secret-word") || !strings.Contains(err.Error(), "idp-old-x.pem") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
