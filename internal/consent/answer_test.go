package consent_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/consent"
)

// What each answer does to a request that was sent, one after the other.
func TestAnswer(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		answers []string
		state   string
		replies string
	}{
		"no":                   {[]string{"Non"}, consent.No, "refused"},
		"yes twice":            {[]string{"oui", "OUI"}, consent.Yes, "accepted"},
		"yes, then no":         {[]string{"oui", "non merci"}, consent.No, "accepted refused"},
		"no, then yes":         {[]string{"non", "oui"}, consent.No, "refused late"},
		"no, then stop":        {[]string{"non", "stop", "stop"}, consent.No, "refused refused late"},
		"stop, then yes":       {[]string{"stop", "oui"}, consent.No, "refused late"},
		"yes, then a question": {[]string{"oui", "c'est quoi ?"}, consent.Sent, "accepted again"},
		"yes, then doubts":     {[]string{"oui", "non finalement", "oui mais pas les impôts", "j'ai changé d'avis", "oui"}, consent.Unclear, "accepted again again closed late"},
		"yes, doubts, yes":     {[]string{"oui", "attendez ma fille", "oui"}, consent.Yes, "accepted again accepted"},
		"yes, doubts, no":      {[]string{"oui", "attendez ma fille", "non"}, consent.No, "accepted again refused"},
		"yes, then thanks":     {[]string{"oui", "Merci beaucoup !"}, consent.Yes, "accepted"},
		"thanks":               {[]string{"merci"}, consent.Sent, "again"},
		"unclear, then yes":    {[]string{"oui mais", "?", "d'accord"}, consent.Yes, "again again accepted"},
		"never clear":          {[]string{"oui mais", "?", "qui êtes-vous", "oui"}, consent.Unclear, "again again closed late"},
		"late again and again": {[]string{"non", "a", "b", "c", "d", "e"}, consent.No, "refused late"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			id := c.ask()
			for _, text := range x.answers {
				c.Answer(t, id, angelas, text)
			}
			c.Send(t, id)
			c.state(x.state)
			if got := strings.Join(c.kinds(id)[2:], " "); got != x.replies {
				t.Errorf("replied %s, want %s", got, x.replies)
			}
			c.content()
		})
	}
}

// From another number nothing changes, and after the time nothing counts.
func TestAnswer_FromElsewhereAndTooLate(t *testing.T) {
	t.Parallel()
	c := open(t)
	id := c.ask()
	for range 5 {
		c.Answer(t, id, "+33639980011", "oui")
		c.Answer(t, id, "36789", "oui")
	}
	c.state(consent.Sent)
	c.entries(3, "consent.ignored")
	c.want("of no message", c.Consents.Answer(t.Context(), uuid.New(), angelas, "oui"), nil)
	c.Behind(t, `update person set phone = $2 where id = $1`, c.Ines.Person, angelas)
	c.Answer(t, id, angelas, "oui")
	c.state(consent.Sent)
	c.Behind(t, `update person set phone = null where id = $1`, c.Ines.Person)
	c.Clock.Advance(consent.Life)
	c.Answer(t, id, angelas, "oui")
	c.state(consent.Expired)
	c.entries(1, "consent.expired")
	c.content()
	removed := open(t)
	id = removed.ask()
	removed.want("remove", removed.Phones.Remove(t.Context(), removed.Jeanne, removed.angela), nil)
	removed.Answer(t, id, angelas, "oui")
	removed.state(consent.Sent)
}

// A yes to the recap agrees to nothing, for the question has not come; a no does refuse, and then the question does not come.
func TestAnswer_ToTheRecap(t *testing.T) {
	t.Parallel()
	c := open(t)
	id, err := c.Consents.Start(t.Context(), c.Jeanne, c.request)
	c.want("ask", err, nil)
	recap := c.Message(t, id, "recap")
	c.want("send", c.Consents.Kind().Work(t.Context(), recap, false), nil)
	for _, text := range []string{"oui", "qui est-ce ?"} {
		c.want(text, c.Consents.Answer(t.Context(), recap, angelas, text), nil)
		c.state(consent.Queued)
	}
	before := len(c.Box.To(angelas))
	c.want("non", c.Consents.Answer(t.Context(), recap, angelas, "non"), nil)
	c.Send(t, id)
	c.state(consent.No)
	if said := c.Box.To(angelas)[before:]; len(said) != 1 || !strings.Contains(said[0].Text, "refus est noté") {
		t.Errorf("%+v", said)
	}
	c.content()
}

// To a draft that was signed otherwise, changed or abandoned nobody agrees, and they are told so; a no counts all the same, unless the mandate is signed.
func TestAnswer_WhenTheDraftIsNotWhatWasAsked(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		sql, answer, state, told string
	}{
		"signed, no":     {signed, "non", consent.Sent, "a déjà été signé"},
		"signed, yes":    {signed, "oui", consent.Sent, "a déjà été signé"},
		"changed, yes":   {`update mandate_draft set version = 4 where id = $1`, "oui", consent.Sent, "n'est plus ouverte"},
		"changed, no":    {`update mandate_draft set version = 4 where id = $1`, "non", consent.No, "refus est noté"},
		"abandoned, yes": {abandoned, "oui", consent.Sent, "n'est plus ouverte"},
		"abandoned, ?":   {abandoned, "pardon ?", consent.Sent, "n'est plus ouverte"},
		"abandoned, no":  {abandoned, "non", consent.No, "refus est noté"},
		"gone, yes":      {`delete from mandate_draft where id = $1`, "oui", consent.Sent, "n'est plus ouverte"},
		"gone, no":       {`delete from mandate_draft where id = $1`, "non", consent.No, "refus est noté"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			id := c.ask()
			c.Behind(t, x.sql, c.request.Draft)
			c.Answer(t, id, angelas, x.answer)
			c.Send(t, id)
			c.state(x.state)
			if said := c.Box.To(angelas); !strings.Contains(said[len(said)-1].Text, x.told) {
				t.Errorf("told %q", said[len(said)-1].Text)
			}
			c.content()
		})
	}
}

const (
	nobody    = `identity = null, sub_index = null, identified_at = null, identified_session = null, identified_by = null where id = $1`
	abandoned = `update mandate_draft set state = 'abandoned', ` + nobody
	signed    = `update mandate_draft set state = 'signed', mandate_id = gen_random_uuid(), ` + nobody
)
