package consent_test

import (
	"testing"
	"time"

	"mandat/internal/consent"
	"mandat/internal/fixture"
)

// Who says no is asked nothing for a day, about whatever draft, and who says stop for as long as that is kept; another answer in between brings nothing back.
func TestStart_NotAfterANo(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		answers  []string
		want     error // of another draft at once
		tomorrow error
	}{
		"no":            {[]string{"non"}, consent.ErrRefused, nil},
		"yes, then no":  {[]string{"oui", "non merci"}, consent.ErrRefused, nil},
		"no, then yes":  {[]string{"non", "oui"}, consent.ErrRefused, nil},
		"stop":          {[]string{"STOP !"}, consent.ErrStopped, consent.ErrStopped},
		"no, then stop": {[]string{"non", "stop"}, consent.ErrStopped, consent.ErrStopped},
		"unclear":       {[]string{"?", "comment ?", "qui est-ce ?"}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			id := c.ask()
			for _, text := range x.answers {
				c.Answer(t, id, angelas, text)
			}
			c.want("at once", c.anew(), x.want)
			c.Clock.Advance(consent.RefusedFor - time.Minute)
			c.want("a minute before the day is over", c.anew(), x.want)
			c.Clock.Advance(time.Minute)
			c.want("a day later", c.anew(), x.tomorrow)
			c.Clock.Advance(consent.Kept)
			c.want("when it is forgotten", c.anew(), nil)
			c.content()
		})
	}
}

// Who was there since, and proved who they are, can be asked again; that an aidant recognised them, or that another citizen said no, changes nothing.
func TestStart_AfterANoAndAnIdentification(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.Answer(t, c.ask(), angelas, "stop")
	c.Clock.Advance(time.Minute)
	c.Recognised(t, c.Jeanne, c.angela)
	c.want("recognised", c.anew(), consent.ErrStopped)
	c.Clock.Advance(time.Minute)
	c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	c.want("identified", c.anew(), nil)
	hers := c.request
	const number = "+33639980012"
	c.request.Citizen = c.Sign(t, c.Jeanne, fixture.Citizen(1), fixture.Tax).Citizen
	c.request.Phone, c.request.Draft, c.request.Begun = c.Verify(t, c.Jeanne, c.request.Citizen, number).ID, c.draft(), c.Clock.Now().Add(time.Second)
	c.Answer(t, c.ask(), number, "stop")
	c.request = hers
	c.want("another said stop", c.anew(), nil)
	c.content()
}

// anew asks about another draft of the same citizen, and takes that back.
func (c *counter) anew() error {
	c.t.Helper()
	now := c.Clock.Now()
	c.request.Draft, c.request.Begun, c.request.Until, c.request.EndsAt = c.draft(), now, now.Add(24*time.Hour), now.AddDate(0, 1, 0)
	if _, err := c.Consents.Start(c.t.Context(), c.Jeanne, c.request); err != nil {
		return err
	}
	return c.Consents.Cancel(c.t.Context(), c.Jeanne, c.request.Draft)
}
