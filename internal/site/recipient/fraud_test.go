package recipient

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/prose"
	"mandat/internal/sitetest"
)

var (
	ticked = regexp.MustCompile(`id="entree-([0-9]+)"`)
	older  = regexp.MustCompile(`name="avant" value="([0-9]+)"`)
)

// The team begins with the last week, finds what became of logins, page by page, and names nobody; each field says what is wrong with it.
func TestFraud(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	citizen, number := uuid.New(), uuid.NewString()
	d.login(citizen, number)
	d.act("power.refused", uuid.Nil, map[string]any{"client": "franceconnect", "reason": "no_power"})
	d.act("power.abandoned", citizen, map[string]any{"client": "franceconnect", "why": "cancelled"})
	d.settle()
	d.login(citizen, uuid.NewString())
	b := d.visit(d.felix, 0)
	today := d.Clock.Now().In(prose.Paris)
	day := func(ago int) string { return today.AddDate(0, 0, -ago).Format(time.DateOnly) }
	b.Without(b.Want(b.Get(fraudPath), 200, `value="`+day(6)+`"`, `value="`+day(0)+`"`, "Jusqu’à 31 jours, ou 366 jours"), "Ce qui a été trouvé", "avant")
	search := func(fields ...string) sitetest.Answer { return b.Post(fraudPath, fields...) }
	found := b.Want(search("du", day(0), "au", day(0)), 200, "Cette recherche est inscrite", "aucun mandat ne le permettait", "elle a été annulée", number, citizen.String(), "usager "+journal.Pseudonym(citizen),
		"aidant "+journal.Pseudonym(d.Jeanne.Person), "pas encore numérotée", "cite jusqu’à 20")
	b.Without(found, "jeanne", "Rien ne correspond", "Voir les précédentes", "00000000-0000", "plus ancien")
	if n := len(ticked.FindAllString(found.Body, -1)); n != 3 {
		t.Errorf("%d entries can be ticked", n)
	}
	b.Want(search("du", day(0), "au", day(0), "usager", " "+citizen.String()+" "), 200, number)
	b.Want(search("du", day(0), "au", day(0), "usager", uuid.NewString()), 200, "Rien ne correspond")
	b.Want(search("du", day(0), "au", day(0), "sub", " "+strings.Repeat("a", 43)+" "), 200, "Rien ne correspond")
	b.Want(search("du", day(2), "au", day(1)), 200, "Rien ne correspond")
	for what, c := range map[string]struct {
		fields []string
		says   string
	}{
		"no day":               {[]string{"du", "", "au", day(0)}, "Indiquez un jour"},
		"no last day":          {[]string{"du", day(0), "au", "hier"}, "Indiquez un jour"},
		"of another age":       {[]string{"du", "1999-12-31", "au", day(0)}, "Indiquez un jour"},
		"of an age to come":    {[]string{"du", day(0), "au", "2201-01-01"}, "Indiquez un jour"},
		"the wrong way round":  {[]string{"du", day(0), "au", day(1)}, "La période est vide"},
		"32 days":              {[]string{"du", day(31), "au", day(0)}, "La période est vide"},
		"no sub":               {[]string{"du", day(0), "au", day(0), "sub", "x"}, "pas la forme"},
		"a part of an id":      {[]string{"du", day(0), "au", day(0), "usager", journal.Pseudonym(citizen)}, "Ce n’est pas un pseudonyme entier"},
		"nobody's id":          {[]string{"du", day(0), "au", day(0), "usager", uuid.Nil.String()}, "Ce n’est pas un pseudonyme entier"},
		"a year and a day ago": {[]string{"du", day(366), "au", day(0), "usager", citizen.String()}, "La période est vide"},
	} {
		t.Log(what)
		b.Without(b.Want(search(c.fields...), 422, c.says), "Ce qui a été trouvé")
	}
	b.Want(search("du", "2025-10-01", "au", "2025-10-31"), 200, "Rien ne correspond") // an hour more than 31 days
	b.Want(search("du", day(365), "au", day(0), "usager", citizen.String()), 200, number)
	for range 50 {
		d.login(citizen, uuid.NewString())
	}
	d.settle()
	first := b.Want(search("du", day(30), "au", day(0)), 200, "Voir les précédentes")
	b.Without(first, number)
	next := older.FindStringSubmatch(first.Body)
	second := b.Want(search("du", day(30), "au", day(0), "avant", next[1]), 200, number)
	b.Without(second, "Voir les précédentes")
	if first, second := len(ticked.FindAllString(first.Body, -1)), len(ticked.FindAllString(second.Body, -1)); first != 50 || second != 4 {
		t.Errorf("%d, then %d", first, second)
	}
	for _, odd := range []string{"x", "-3", "0"} {
		b.Want(search("du", day(30), "au", day(0), "avant", odd), 200, "Voir les précédentes")
	}
}

// What the team ticks it signals, after its second factor; the form keeps what was entered, and says what is wrong with it.
func TestSignals(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.login(uuid.New(), uuid.NewString())
	d.act("mandate.signed", uuid.New(), nil)
	d.settle()
	ours, others := d.place("power.used"), d.place("mandate.signed")
	b := d.visit(d.felix, 0)
	const words = "La personne dit que ce n’était pas pour elle."
	b.Want(b.Get(signalsPath), 200, "Aucun signalement")
	b.Want(b.Get(signalPath+"?entree="+ours+"&entree="+others), 200, `value="`+ours+" "+others+`"`, "De 20 à 1000 caractères", "Jusqu’à 20")
	b.Want(b.Get(signalPath+"?"+strings.Repeat("entree=7&", 20)+"entree=8"), 200, ` 7 7 7"`)
	for what, c := range map[string]struct {
		entries, kind, words, says string
	}{
		"what it does not see": {others, "denied", words, "que vous voyez dans vos recherches"},
		"no numbers":           {"sept", "denied", words, "que vous voyez dans vos recherches"},
		"a negative one":       {"-" + ours, "denied", words, "que vous voyez dans vos recherches"},
		"none":                 {"", "denied", words, "que vous voyez dans vos recherches"},
		"no kind":              {ours, "", words, "Choisissez un motif"},
		"another kind":         {ours, "boredom", words, "Choisissez un motif"},
		"too few words":        {ours, "many", "Non.", "dans la longueur demandée"},
		"a bank account":       {ours, "other", "Son compte est FR76 3000 6000 0112 3456 7890 189.", "contient un numéro"},
	} {
		t.Log(what)
		b.Want(b.Post(signalsPath, "entrees", c.entries, "motif", c.kind, "raison", c.words), 422, c.says, "Transmettre aux auditeurs")
	}
	b.Want(b.Get(signalsPath), 200, "Aucun signalement")
	b.Want(b.Post(signalsPath, "entrees", " "+ours+",", "motif", "denied", "raison", words), 303, signalsPath)
	b.Want(b.Get(signalsPath), 200, "transmis aux auditeurs", words, "À traiter", "Écritures citées "+ours)
	b.Without(b.Get(signalsPath), "transmis aux auditeurs")
	late := d.visit(d.felix, time.Hour)
	late.Want(late.Get(signalPath), 303, "/confirmation")
	late.Want(late.Post(signalsPath, "entrees", ours, "motif", "denied", "raison", words), 303, "/confirmation")
	late.Without(late.Get(signalsPath), "transmis aux auditeurs")
}

// These pages are for those for whom they are.
func TestSite_IsForItsRecipients(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	felix, prune := d.visit(d.felix, 0), d.visit(d.prune, 0)
	for _, path := range []string{fraudPath, signalsPath, signalPath} {
		felix.Want(felix.Get(path), 200)
		prune.Want(prune.Get(path), 403)
	}
	for _, path := range []string{prefecturePath, d.address(d.Here)} {
		prune.Want(prune.Get(path), 200)
		felix.Want(felix.Get(path), 403)
	}
	prune.Want(prune.Post(fraudPath), 403)
	prune.Want(prune.Post(signalsPath), 403)
	gone := d.Administrator(t, "alan")
	d.must(d.Directory.EndReceiving(t.Context(), gone, d.felix.Person))
	d.must(d.Directory.EndReceiving(t.Context(), gone, d.prune.Person))
	felix.Want(felix.Get(signalsPath), 403)
	prune.Want(prune.Get(prefecturePath), 403)
}

// Whoever asks too often is told when they may again, and is led back.
func TestOften(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.login(uuid.New(), uuid.NewString())
	d.settle()
	felix, prune := d.visit(d.felix, 0), d.visit(d.prune, 0)
	d.spent("recipient.searches", d.felix, time.Hour)
	d.spent("recipient.signals", d.felix, 150*time.Minute)
	d.spent("recipient.readings", d.prune, 100*time.Minute)
	today := d.Clock.Now().In(prose.Paris).Format(time.DateOnly)
	for _, a := range []struct {
		by     *sitetest.Browser
		answer sitetest.Answer
		back   string
	}{
		{felix, felix.Post(fraudPath, "du", today, "au", today), fraudPath},
		{felix, felix.Post(signalsPath, "entrees", d.place("power.used"), "motif", "denied", "raison", "La personne dit que ce n’était pas pour elle."), signalsPath},
		{prune, prune.Get(prefecturePath), prefecturePath},
		{prune, prune.Get(d.address(d.Here)), prefecturePath},
	} {
		a.by.Want(a.answer, 429, "Trop de demandes à la suite", "Vous pourrez continuer à partir du ", "inscrit au journal", `href="`+a.back+`"`)
	}
	felix.Want(felix.Get(fraudPath), 200)
	felix.Want(felix.Get(signalsPath), 200)
}
