package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func good() []string {
	return []string{"BASE_URL=https://mandat.example", "DATABASE_URL=postgres://app", "DATABASE_URL_AUDITOR=postgres://auditor", "KEYS_DIR=/k", "KEY_ENCRYPTION_KEY={}", "STATE_DIR=/s", "JOURNAL_ORIGIN=mandat.example/journal",
		"PROCONNECT_ISSUER=https://pc.example/api/v2", "PROCONNECT_CLIENT_ID=m", "PROCONNECT_CLIENT_SECRET=s", "FRANCECONNECT_ISSUER=http://127.0.0.2:1/api/v2", "FRANCECONNECT_CLIENT_ID=m", "FRANCECONNECT_CLIENT_SECRET=s",
		"IDP_CLIENTS_FILE=/c", "CONTACT_PHONE=+33 1 99 00 00 00", "CONTACT_EMAIL=a@exemple.invalid", "CONTACT_ADDRESS=1 rue"}
}

func TestLoad_SaysEverythingAtOnce(t *testing.T) {
	if _, err := Load(good()); err != nil {
		t.Fatal(err)
	}
	_, err := Load([]string{"BASE_URL=http://mandat.example/x", "LOG_LEVEL=loud", "PROCONNECT_ISSUER=pc", "MAX_REQUESTS=-1", "DATABASE_CONNECTIONS=0",
		"SMTP_URL=smtp://mail.example", "SMS_URL=http://sms.example", "SMS_CALLBACK_KEY=short", "SIRENE_URL=sirene", "CERTIFICATION_MINIMUM=1001"})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, name := range []string{"BASE_URL", "DATABASE_URL", "KEYS_DIR", "KEY_ENCRYPTION_KEY", "PROCONNECT_ISSUER", "PROCONNECT_CLIENT_SECRET", "LOG_LEVEL", "CONTACT_PHONE", "MAX_REQUESTS", "DATABASE_CONNECTIONS",
		"MAIL_FROM", "SMS_URL", "SMS_TOKEN", "SMS_CALLBACK_KEY", "SIRENE_URL", "CERTIFICATION_MINIMUM"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("nothing said of %s: %v", name, err)
		}
	}
}

func TestLoad_TakesSecretsFromFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(append(good(), "PROCONNECT_CLIENT_SECRET_FILE="+path))
	if err != nil || c.ProConnectClientSecret != "from a file" {
		t.Errorf("%q, %v", c.ProConnectClientSecret, err)
	}
	if _, err := Load(append(good(), "PROCONNECT_CLIENT_SECRET_FILE=/nowhere")); err == nil {
		t.Error("a missing file went unnoticed")
	}
}

// Who signs who we are has no secret, and who has a secret signs nothing.
func TestLoad_OneWayToSayWhoWeAre(t *testing.T) {
	keyed := []string{}
	for _, setting := range append(good(), "PROCONNECT_AUTH=private_key_jwt", "FRANCECONNECT_AUTH=private_key_jwt") {
		if !strings.Contains(setting, "_CLIENT_SECRET=") {
			keyed = append(keyed, setting)
		}
	}
	if c, err := Load(keyed); err != nil || c.ProConnectAuth != PrivateKeyJWT || c.FranceConnectAuth != PrivateKeyJWT {
		t.Errorf("%v", err)
	}
	if c, err := Load(good()); err != nil || c.ProConnectAuth != SecretPost || c.FranceConnectAuth != SecretPost {
		t.Errorf("%v", err)
	}
	for _, provider := range []string{"PROCONNECT", "FRANCECONNECT"} {
		for wrong, says := range map[string]string{"_AUTH=private_key_jwt": provider + "_CLIENT_SECRET", "_CLIENT_SECRET=": provider + "_CLIENT_SECRET", "_AUTH=client_secret_basic": provider + "_AUTH"} {
			if _, err := Load(append(good(), provider+wrong)); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s%s: %v", provider, wrong, err)
			}
		}
	}
}

func TestOperations_HasEverySetting(t *testing.T) {
	document, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := PutManual(string(document))
	if err != nil {
		t.Fatal(err)
	}
	if fresh != string(document) {
		t.Error("docs/operations.md is not what the settings are: run make docs")
	}
	if n := strings.Count(fresh, "| `"); n < 20 {
		t.Errorf("the table has %d settings", n)
	}
}
