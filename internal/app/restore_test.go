package app_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"mandat/internal/apptest"
	"mandat/internal/backup"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/keyring"
)

// The machine is lost. On another PostgreSQL cluster, with the two files alone, the story goes on: a mandate of before is
// used, another one is signed, and the journal continues the one that everybody saw.
func TestRestore_TheStoryGoesOn(t *testing.T) {
	t.Parallel()
	p := apptest.Prepare(t, dbtest.NewDurable(t))
	p.Run(t)
	v := p.Visit(t, fresh(p.Site, p.Jeanne))
	old := p.Sign(t, v.By, fixture.Angela(), fixture.Tax)
	v.Confirm(old.Citizen)
	if a, err := p.UserInfo(t.Context(), p.Token(t, v.MustCode(old.Citizen, fixture.Tax))); err != nil || a.Status != http.StatusOK {
		t.Fatalf("a use: %d, %v", a.Status, err)
	}
	invited, err := p.Invitations.Invite(t.Context(), fresh(p.Site, p.Odile), invitation.Invitee{Email: "lea@exemple.invalid", GivenName: "Léa", UsualName: "Fictif", Roles: []string{"aidant"}})
	must(t, err)
	link := linkOf(t, p.Site, invited)
	if a := v.Get("/invitation/" + link); a.Status != http.StatusOK {
		t.Fatalf("an invitation: %d", a.Status)
	}
	before := p.Sound(t)
	place, identity := copied(t, p)

	p.Kill()
	must(t, errors.Join(os.RemoveAll(place.KeysDir), os.RemoveAll(place.StateDir)))
	d := dbtest.NewDurable(t)
	place.OwnerURL = d.Owner
	refusals(t, d, place, identity)
	if checkpoint, err := backup.Restore(t.Context(), place, identity); err != nil || !checkpoint {
		t.Fatalf("restore: checkpoint %t, %v", checkpoint, err)
	}

	p.Move(t, d)
	p.Run(t)
	if a := v.Get("/espace"); a.At.Path != "/connexion" {
		t.Errorf("a session of before is good: %d", a.Status)
	}
	if a := v.Get("/invitation/" + link); a.Status == http.StatusOK {
		t.Error("a link of before is good")
	}
	w := p.Visit(t, fresh(p.Site, p.Jeanne))
	w.Confirm(old.Citizen)
	if a, err := p.UserInfo(t.Context(), p.Token(t, w.MustCode(old.Citizen, fixture.Tax))); err != nil || a.Status != http.StatusOK {
		t.Errorf("a use of the mandate of before: %d, %v", a.Status, err)
	}
	p.Sign(t, w.By, fixture.Citizen(2), fixture.Housing)
	if after := p.Sound(t); after <= before {
		t.Errorf("%d entries after, %d before", after, before)
	}
}

// copied copies the installation of a process that runs.
func copied(t *testing.T, p *apptest.Process) (backup.Place, *age.X25519Identity) {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	must(t, err)
	keys, state := p.Folders()
	dir := t.TempDir()
	kek, err := os.ReadFile(filepath.Join(filepath.Dir(keys), "kek"))
	must(t, err)
	place := backup.Place{OwnerURL: p.Owner, KeysDir: keys, StateDir: state, KEK: string(kek), Database: filepath.Join(dir, "database"), Keys: filepath.Join(dir, "keys")}
	must(t, backup.Write(t.Context(), place, identity.Recipient()))
	if err := backup.Write(t.Context(), place, identity.Recipient()); !errors.Is(err, os.ErrExist) {
		t.Errorf("a copy was replaced: %v", err)
	}
	for _, name := range []string{place.Database, place.Keys} {
		content, err := os.ReadFile(name)
		must(t, err)
		info, err := os.Stat(name)
		must(t, err)
		if bytes.Contains(content, []byte("PGDMP")) || bytes.Contains(content, []byte("journal.key")) || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is not encrypted, or others may read it (%v)", filepath.Base(name), info.Mode())
		}
	}
	return place, identity
}

// refusals tries what must not be done, and leaves the database empty.
func refusals(t *testing.T, d *dbtest.Database, place backup.Place, identity age.Identity) {
	t.Helper()
	stranger, err := age.GenerateX25519Identity()
	must(t, err)
	try := func(what string, want error, place backup.Place, with ...age.Identity) {
		t.Helper()
		if _, err := backup.Restore(t.Context(), place, with...); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
		if _, err := os.Stat(place.KeysDir); err == nil && !errors.Is(want, backup.ErrKeys) {
			t.Errorf("%s: the keys are there", what)
		}
	}
	try("without identity", backup.ErrSealed, place)
	try("with another's identity", backup.ErrSealed, place, stranger)
	other, err := keyring.MakeKEK()
	must(t, err)
	foreign := place
	foreign.KEK, err = other.Text()
	must(t, err)
	try("with another key-encryption keyset", keyring.ErrSealed, foreign, identity)
	try("into a database that has tables", backup.ErrNotEmpty, place, identity)
	conn := d.Connect(t, d.Superuser)
	_, err = conn.Exec(t.Context(), `drop schema public cascade; create schema public authorization pg_database_owner; grant usage on schema public to public`)
	must(t, err)
	full := place
	full.KeysDir = filepath.Dir(place.Keys)
	try("over other keys", backup.ErrKeys, full, identity)
	cut := place
	cut.Database = filepath.Join(t.TempDir(), "cut")
	content, err := os.ReadFile(place.Database)
	must(t, err)
	must(t, os.WriteFile(cut.Database, content[:len(content)/2], 0o600))
	if _, err := backup.Restore(t.Context(), cut, identity); err == nil {
		t.Error("half a copy was restored")
	}
	var tables int
	must(t, conn.QueryRow(t.Context(), `select count(*) from pg_tables where schemaname = 'public'`).Scan(&tables))
	if tables > 0 {
		t.Errorf("%d tables of half a copy", tables)
	}
}
