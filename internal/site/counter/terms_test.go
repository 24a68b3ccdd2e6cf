package counter

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/terms"
)

// fields are those of good terms, with more, or with others in their place: a value "" takes a field away.
func fields(more ...string) []string {
	out := []string{"procedures", fixture.Tax, "days", "31", "no_protection", "on", "informed", "on"}
	for i := 0; i < len(more); i += 2 {
		if more[i] != "procedures" {
			at := slices.Index(out, more[i])
			if at >= 0 && at%2 == 0 {
				out = slices.Delete(out, at, at+2)
			}
		}
		if more[i+1] != "" {
			out = append(out, more[i], more[i+1])
		}
	}
	return out
}

// enter starts a draft with good terms and more fields.
func (b *browser) enter(more ...string) string { return b.enterForm(fields(more...)) }

// enterOnly starts a draft for one procedure.
func (b *browser) enterOnly(procedure string, more ...string) string {
	return b.enterForm(append([]string{"procedures", procedure, "days", "31", "no_protection", "on", "informed", "on"}, more...))
}

func (b *browser) enterForm(form []string) string {
	b.t.Helper()
	a := b.Post(newTerms, form...)
	m := draftPath.FindStringSubmatch(a.Location)
	if a.Status != http.StatusSeeOther || m == nil {
		b.t.Fatalf("enter %v: %d %s", form, a.Status, a.Location)
	}
	return "/brouillons/" + m[1]
}

func (c *counter) draft(t *testing.T, b *browser, drawn string) draft.Draft {
	t.Helper()
	d, err := c.Drafts.Find(t.Context(), b.By, draftID(drawn))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Each mistake is told at its field, in the summary too, and nothing that was typed is lost. The clock stands at fixture's day.
func TestTerms_EveryMistakeAtItsField(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	today := terms.DayOf(c.Clock.Now())
	day := func(days int) string { return today.AddDate(0, 0, days).Format(dayLayout) }
	for name, x := range map[string]struct {
		form        []string
		field, says string
	}{
		"not informed":                 {fields("informed", ""), "informed", "Lisez les informations"},
		"no procedure":                 {fields("procedures", "x")[2:], "procedures", "n’existe pas ou plus"},
		"a procedure twice":            {fields("procedures", fixture.Tax), "procedures", "choisie deux fois"},
		"a level it does not have":     {fields("level-"+fixture.Tax, "own"), "level-" + fixture.Tax, "Choisissez dans la liste"},
		"a case too long":              {fields("case-"+fixture.Tax, strings.Repeat("é", 65)), "case-" + fixture.Tax, "64 caractères au plus"},
		"a case with hidden letters":   {fields("case-"+fixture.Tax, "12\u202e34"), "case-" + fixture.Tax, "sans caractère invisible"},
		"a case that is a person":      {fields("case-"+fixture.Tax, "1 85 05 78 006 084 91"), "case-" + fixture.Tax, "un de ses 13 chiffres est faux"},
		"a warning unread":             {fields("procedures", "argent-surendettement"), "warned-argent-surendettement", "Lisez l’avertissement"},
		"another one's warning read":   {fields("procedures", "argent-surendettement", "warned", "justice-casier"), "warned-argent-surendettement", "Lisez l’avertissement"},
		"one warning of two":           {fields("procedures", "argent-surendettement", "procedures", "justice-casier", "warned", "argent-surendettement"), "warned-justice-casier", "Lisez l’avertissement"},
		"payments without consent":     {fields("procedures", "argent-impots-paiement", "level-argent-impots-paiement", "pay"), "payments", "demandez son accord"},
		"where there is only to pay":   {fields("procedures", "transports-amende-paiement", "warned", "transports-amende-paiement"), "payments", "demandez son accord"},
		"consent to no payments":       {fields("payments", "on"), "payments", "Aucune démarche choisie ne va jusqu’à payer"},
		"no bank details to change":    {fields("procedures", "justice-casier", "warned", "justice-casier", "bank_details", "on")[2:], "bank_details", "Aucune démarche choisie ne touche"},
		"no duration":                  {fields("days", ""), "days", "Choisissez la durée"},
		"an odd duration":              {fields("days", "30"), "days", "Choisissez la durée"},
		"no last day":                  {fields("days", "until"), "until", "Écrivez le dernier jour"},
		"no day at all":                {fields("days", "until", "until", "31/02/2027"), "until", "comme 31/12/2026"},
		"the last day is past":         {fields("days", "until", "until", day(-1)), "until", "avant le premier"},
		"more than a year":             {fields("days", "until", "until", day(366)), "until", "un an au plus"},
		"the first day cannot be read": {fields("from", "demain"), "from", "comme 31/12/2026"},
		"the first day is past":        {fields("from", day(-1)), "from", "Le premier jour est passé"},
		"the first day is too far":     {fields("from", day(93)), "from", "92 jours"},
		"until before from":            {fields("days", "until", "until", day(3), "from", day(4)), "until", "avant le premier"},
		"under protection":             {fields("no_protection", ""), "no_protection", "mesure de protection"},
	} {
		a := b.Want(b.Post(newTerms, x.form...), http.StatusUnprocessableEntity, `href="#field-`+x.field+`"`, `id="error-`+x.field+`"`, x.says)
		if strings.Count(a.Body, `id="error-`) != 1 {
			t.Errorf("%s: more is said to be wrong than is", name)
		}
		for i := 0; i < len(x.form); i += 2 {
			if value := x.form[i+1]; value != "x" && value != "30" && value != "own" && !strings.Contains(a.Body, `value="`+value+`"`) {
				t.Errorf("%s: %s = %q is lost", name, x.form[i], value)
			}
		}
	}
	c.wantRows(t, 0, `select count(*) from mandate_draft`)
}

// What was entered is what the draft holds, and what the page shows when it is taken up again.
func TestTerms_InFull(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	today := terms.DayOf(c.Clock.Now())
	from, until := today.AddDate(0, 0, 10), today.AddDate(0, 0, 40)
	drawn := b.enter("level-"+fixture.Tax, "sign", "case-"+fixture.Tax, " Avis\u00a02025 ", "procedures", "argent-impots-paiement", "level-argent-impots-paiement", "pay", "payments", "on", "bank_details", "on",
		"procedures", "argent-surendettement", "warned", "argent-surendettement", "days", "until", "until", until.Format("2/1/2006"), "from", from.Format("2006-01-02"), "quiet", "on")
	got := c.draft(t, b, drawn).Terms
	if len(got.Powers) != 3 || got.Powers[0] != (terms.Asked{Procedure: fixture.Tax, Level: "sign", Case: "Avis 2025"}) || got.Powers[1].Level != "pay" || got.Powers[2].Level != "act" ||
		!got.Payments || !got.BankDetails || !got.Warned || got.Tell || got.Days != 0 || !got.Until.Equal(until) || !got.From.Equal(from) {
		t.Errorf("%+v", got)
	}
	a := b.Want(b.Get(drawn), 200, `value="`+fixture.Tax+`" checked`, `<option value="sign" selected>`, `value="Avis 2025"`, `<option value="pay" selected>`, `name="payments" value="on" checked`,
		`name="bank_details" value="on" checked`, `value="until" checked`, `value="`+until.Format(dayLayout)+`"`, `value="`+from.Format(dayLayout)+`"`, `name="quiet" value="on" checked`)
	b.Without(a, `name="warned" value="argent-surendettement" checked`, `name="informed" value="on" checked`) // they are declared again

	b.Want(a, 200, "Le numéro fiscal convient", "ses 4 derniers chiffres")
	plain := c.draft(t, b, b.start()).Terms
	if !plain.Tell || plain.Warned || plain.Payments || plain.BankDetails || plain.Powers[0].Level != "act" || !plain.From.IsZero() {
		t.Errorf("what nobody chose: %+v", plain)
	}
}

// A duration that is chosen counts, whatever day was typed before.
func TestTerms_TheDurationOrTheLastDay(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	day := terms.DayOf(c.Clock.Now()).AddDate(0, 0, 5)
	if got := c.draft(t, b, b.enter("until", "n’importe quoi")).Terms; got.Days != 31 || !got.Until.IsZero() {
		t.Errorf("%+v", got)
	}
	if got := c.draft(t, b, b.enter("days", "", "until", day.Format(dayLayout))).Terms; got.Days != 0 || !got.Until.Equal(day) {
		t.Errorf("%+v", got)
	}
}

// A procedure whose longest time is shorter says when it ends, as soon as the duration is known.
func TestTerms_AProceduresOwnEnd(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	const own = "Pour cette démarche, le mandat prend donc fin avant"
	b.Without(b.Want(b.Get(newTerms), 200, "31 jours au plus"), own)
	b.Want(b.Get(b.enter("procedures", "social-carte-europeenne", "days", "365")), 200, own)
	b.Without(b.Want(b.Get(b.enter("procedures", "social-carte-europeenne", "days", "1")), 200), own)
}

// The button of a theme ticks all of it, or none, and loses nothing else; it checks and keeps nothing.
func TestTerms_TickATheme(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	form := []string{"procedures", fixture.Tax, "level-" + fixture.Tax, "sign", "case-" + fixture.Tax, "4711", "days", "until", "until", "bientôt", "from", "hier", "quiet", "on", "informed", "on"}
	all := b.Want(b.Post(newTerms, append(slices.Clone(form), "tick", "famille")...), 200, `value="`+fixture.Tax+`" checked`, `<option value="sign" selected>`, `value="4711"`, `value="bientôt"`, `value="hier"`,
		`name="quiet" value="on" checked`, `name="informed" value="on" checked`, `name="untick" value="famille"`, `id="theme-famille" open`, `formaction="/mandats/nouveau#theme-famille"`, "8 choisies")
	b.Without(all, "fr-alert--error", `name="untick" value="argent"`)
	for _, p := range c.theme("famille") {
		b.Want(all, 200, `value="`+p+`" checked`)
	}
	none := b.Want(b.Post(newTerms, append(slices.Clone(form), "procedures", "famille-caf-compte", "untick", "famille")...), 200, `value="`+fixture.Tax+`" checked`, `id="theme-famille" open`)
	b.Without(none, `value="famille-caf-compte" checked`)
	c.wantRows(t, 0, `select count(*) from mandate_draft`)

	drawn := b.start()
	b.identify(drawn)
	b.Want(b.Post(drawn, "tick", "famille"), 200, `action="`+drawn+`"`, `formaction="`+drawn+`#theme-famille"`, `value="famille-caf-compte" checked`)
	c.wantRows(t, 1, `select count(*) from mandate_draft where state = 'identified' and cardinality(procedures) = 2`) // nothing changed yet
}

func (c *counter) theme(key string) (out []string) {
	theme, _ := c.Catalogue.Theme(key)
	for _, p := range theme.Procedures {
		out = append(out, p.Key)
	}
	return out
}

// A button of a theme ticks what is allowed there, and nothing else.
func TestTerms_TickWhatIsAllowed(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	c.Behind(t, `update membership set procedures = array['famille-caf-compte', $2] where person_id = $1`, c.Jeanne.Person, fixture.Tax)
	a := b.Want(b.Post(newTerms, "tick", "famille"), 200, `value="famille-caf-compte" checked`, `name="untick" value="famille"`)
	b.Without(a, "famille-msa-compte")
}

// What each procedure needs, and how FranceConnect reaches it, is said in plain words.
func TestTerms_SayWhatAProcedureNeeds(t *testing.T) {
	t.Parallel()
	b := newCounter(t).jeanne(t)
	b.Want(b.Get(newTerms), 200, "par FranceConnect", "pas par FranceConnect", "pas possible ici", "une pièce d’identité vue par vous et par un collègue", "par FranceConnect seulement",
		"connue de la structure", "signe elle-même", "ne dit pas quel site est ouvert", "reçoit un courriel quand le mandat est établi")
}
