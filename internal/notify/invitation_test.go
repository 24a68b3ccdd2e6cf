package notify_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/notify"
	"mandat/internal/org"
	"mandat/internal/prose"
)

// asked invites somebody, and returns the words of the mail that they get.
func (o *office) asked(t *testing.T, by journal.Actor, organisation uuid.UUID, email string, roles ...string) string {
	t.Helper()
	id, err := o.Invitations.Invite(t.Context(), by, invitation.Invitee{Organisation: organisation, Email: email, GivenName: "Nora", UsualName: "Neuve", Roles: roles})
	must(t, err)
	must(t, o.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return notify.Queue(tx, o.Clock.Now(), org.Message{Kind: "invitation", About: id.String(), Invitation: id})
	}))
	i, err := o.Invitations.Find(t.Context(), id)
	must(t, err)
	text := strings.Join(strings.Fields(o.wait(t, email, "Vous êtes invité à rejoindre une structure sur Mandat").Text), " ")
	if until := strings.Join(strings.Fields("avant le "+prose.DateTime("fr", i.ExpiresAt)), " "); !strings.Contains(text, until) {
		t.Errorf("does not say until when (%s):\n%s", until, text)
	}
	return text
}

// Who is invited reads who invites them, to what and as what, and whom to ask; who is known reads the same as who is not.
func TestInvitation_SaysWhoInvites(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.secret = func() (string, error) { return "the-same-secret", nil }
	place, err := o.Directory.Organisation(t.Context(), o.Here)
	must(t, err)
	odile, ada := o.Referent(t, o.Here, "odile"), o.Administrator(t, "ada")
	unknown := o.asked(t, odile, uuid.Nil, "nora@exemple.invalid", org.RoleAidant, org.RoleReferent)
	for _, words := range []string{"odile Fictif, référent de la structure, vous invite à rejoindre « " + place.Name + " » sur Mandat, comme aidant et référent.", "Un référent gère l’équipe", "adressez-vous à odile Fictif,",
		"/invitation/the-same-secret"} {
		if !strings.Contains(unknown, words) {
			t.Errorf("does not say %q:\n%s", words, unknown)
		}
	}
	if known := o.asked(t, odile, uuid.Nil, "ines@exemple.invalid", org.RoleAidant, org.RoleReferent); minutes(known) != minutes(unknown) {
		t.Errorf("who is known reads\n%s\nand who is not\n%s", known, unknown)
	}
	above := o.asked(t, ada, o.Elsewhere, "nadia@exemple.invalid", org.RoleAidant)
	if !strings.Contains(above, "ada Fictif, de l’administration du service, vous invite") || !strings.Contains(above, "comme aidant.") || strings.Contains(above, "Un référent gère") {
		t.Errorf("by an administrator:\n%s", above)
	}
	id, err := o.Invitations.Invite(t.Context(), journal.Program(), invitation.Invitee{Organisation: o.Here, Email: "nina@exemple.invalid", GivenName: "Nina", UsualName: "Neuve", Lang: "en", Roles: []string{org.RoleReferent}})
	must(t, err)
	must(t, o.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return notify.Queue(tx, o.Clock.Now(), org.Message{Kind: "invitation", About: id.String(), Invitation: id})
	}))
	if text := strings.Join(strings.Fields(o.wait(t, "nina@exemple.invalid", "You are invited to join an organisation").Text), " "); !strings.Contains(text, "The administration of the service invites you to join “"+place.Name+"” on Mandat, as a référent.") {
		t.Errorf("by the operator:\n%s", text)
	}
}

// An organisation's name is somebody else's words: they stand in quotation marks, which they cannot end, and not where a stranger looks first.
func TestInvitation_QuotesTheOrganisation(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Behind(t, `update organisation set name = 'la CAF » vous "attend« sur www.caf.exemple' where id = $1`, o.Here)
	odile := o.Referent(t, o.Here, "odile")
	for lang, want := range map[string]string{"fr": "à rejoindre « la CAF vous attend sur www. caf. exemple » sur Mandat, comme aidant.",
		"en": "to join “la CAF vous attend sur www. caf. exemple” on Mandat, as an aidant."} {
		email := lang + "@exemple.invalid"
		id, err := o.Invitations.Invite(t.Context(), odile, invitation.Invitee{Email: email, GivenName: "Nora", UsualName: "Neuve", Lang: lang, Roles: []string{org.RoleAidant}})
		must(t, err)
		must(t, o.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error {
			return notify.Queue(tx, o.Clock.Now(), org.Message{Kind: "invitation", About: id.String(), Invitation: id})
		}))
		m := o.wait(t, email, "Mandat")
		if strings.Contains(m.Subject, "CAF") || !strings.Contains(strings.Join(strings.Fields(m.Text), " "), want) {
			t.Errorf("%s\n%s", m.Subject, m.Text)
		}
	}
}

// minutes leaves out the minute until which an invitation lasts: two are not of the same.
func minutes(text string) string {
	before, after, _ := strings.Cut(text, "avant le ")
	_, after, _ = strings.Cut(after, ". ")
	return before + after
}
