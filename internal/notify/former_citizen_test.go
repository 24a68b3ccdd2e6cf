package notify_test

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
)

const elsewhere = "ailleurs@exemple.invalid"

// The address that a signature replaces, or takes out, is told so, once, in the last message that goes there: with no link, and not where the others go. It is forgotten then.
func TestCitizen_IsToldAtTheAddressOfBefore(t *testing.T) {
	t.Parallel()
	for what, x := range map[string]struct {
		now  string
		tell bool
		want int // messages to the new address
	}{"another": {elsewhere, true, 1}, "none": {"", true, 0}, "no more mails": {elsewhere, false, 1}} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := telling(t)
			who := fixture.Angela()
			o.agree(t, o.Jeanne, who, true)
			o.wait(t, angela, "Vous avez donné un mandat")
			o.Clock.Advance(time.Minute)
			who.Email = strings.ToUpper(who.Email[:1]) + who.Email[1:] // the same
			o.agree(t, o.Jeanne, who, true)
			o.ended(t)
			if n := len(o.box.To(angela)); n != 2 {
				t.Fatalf("%d messages to the address that stayed", n)
			}
			o.Clock.Advance(time.Minute)
			who.Email = x.now
			o.agree(t, o.Jeanne, who, x.tell)
			last := o.wait(t, angela, "Vos messages partiront à une autre adresse")
			if strings.Contains(last.Text+last.HTML, "/mails/") || strings.Contains(last.Text, elsewhere) || strings.Contains(last.Text, who.FamilyName) {
				t.Errorf("%s", last.Text)
			}
			o.ended(t)
			if n := len(o.box.To(elsewhere)); n != x.want {
				t.Errorf("%d messages to the new address", n)
			}
			o.Clock.Advance(time.Minute)
			o.agree(t, o.Jeanne, who, x.tell)
			o.ended(t)
			if n := o.number(t, `select count(*) from notify_message where kind = 'address_replaced'`); n != 1 {
				t.Errorf("%d such messages", n)
			}
			if n := o.number(t, `select count(*) from notify_message where former is not null`); n != 0 {
				t.Error("an address of before is kept")
			}
		})
	}
}

// Who refused mails by the link of one hears nothing at an address of before either.
func TestCitizen_IsNotToldAtTheAddressOfBefore(t *testing.T) {
	t.Parallel()
	o := telling(t)
	who := fixture.Angela()
	o.agree(t, o.Jeanne, who, true)
	signed := o.wait(t, angela, "Vous avez donné un mandat")
	must(t, o.mails().Refuse(t.Context(), strings.TrimPrefix(signed.Link(), "https://mandat.example/mails/"), "page"))
	who.Email = elsewhere
	o.agree(t, o.Jeanne, who, true)
	if o.ended(t); len(o.box.To("")) != 1 {
		t.Errorf("%d messages", len(o.box.To("")))
	}
}
