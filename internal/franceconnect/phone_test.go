package franceconnect_test

import (
	"bytes"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"mandat/internal/browse"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/prose"
	"mandat/internal/rogue"
	"mandat/internal/session"
	"mandat/internal/terms"
)

var (
	typedAddress = regexp.MustCompile(`localhost:[0-9]+(/i/[0-9a-z-]+)`)
	shownNumber  = regexp.MustCompile(`Nombre à comparer (\d{3})\b`)
)

func (c *counter) waiting() string { return c.page() + "/telephone" }

// link makes a link for the counter's draft, and returns its address as the aidant's screen shows it.
func (c *counter) link(t *testing.T) string {
	t.Helper()
	get(t, c.browser, c.page())
	if err := c.browser.Post(c.waiting(), nil); err != nil {
		t.Fatal(err)
	}
	shown := typedAddress.FindStringSubmatch(c.browser.Text())
	if shown == nil || c.browser.URL().String() != c.waiting() {
		t.Fatalf("no link: %d %v %s", c.browser.Status(), c.browser.URL(), c.browser.Text())
	}
	return c.URL + shown[1]
}

// leaveBy opens a link on a phone and goes on to FranceConnect, stopped before the answer is followed. It returns the answer's address.
func (c *counter) leaveBy(t *testing.T, phone *browse.Browser, link string) string {
	t.Helper()
	get(t, phone, link)
	phone.StopAt(c.URL + "/connexion/franceconnect/retour")
	if err := phone.Press("FranceConnect", nil); err != nil {
		t.Fatal(err, phone.Text())
	}
	phone.StopAt()
	if !phone.Stopped() {
		t.Fatalf("not at the callback: %v %s", phone.URL(), phone.Text())
	}
	return phone.URL().String()
}

// shows expects a page whose title is a text of ours.
func (c *counter) shows(t *testing.T, b *browse.Browser, status int, key string) {
	t.Helper()
	title, err := c.Pages.Text("fr", key)
	if err != nil {
		t.Fatal(err)
	}
	if b.H1() != title || b.Status() != status {
		t.Errorf("%v: %d %q, want %d %q", b.URL().Path, b.Status(), b.H1(), status, title)
	}
}

// refusedBy expects the aidant's page to say why the link was refused, and the draft to be without an identity.
func (c *counter) refusedBy(t *testing.T, key string) {
	t.Helper()
	get(t, c.browser, c.waiting())
	title, err := c.Pages.Text("fr", key)
	if err != nil {
		t.Fatal(err)
	}
	if !c.browser.Has(title) {
		t.Errorf("the aidant's page does not say %q: %v %s", title, c.browser.URL(), c.browser.Text())
	}
	if d := c.state(t); d.State != draft.Open {
		t.Errorf("the draft is %s", d.State)
	}
}

func (c *counter) linkState(t *testing.T) (state string) {
	t.Helper()
	err := c.Connect(t, c.Superuser).QueryRow(t.Context(), `select state from franceconnect_link where draft_id = $1 order by created_at desc, id desc limit 1`, c.draft).Scan(&state)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// The whole way: two screens with one number, the citizen's own act on theirs, the identity in the aidant's.
func TestPhone_Sound(t *testing.T) {
	t.Parallel()
	c, phone := open(t), browse.New()
	link := c.link(t)
	number := shownNumber.FindStringSubmatch(c.browser.Text())
	if number == nil {
		t.Fatal("the aidant's screen shows no number")
	}
	get(t, phone, link)
	if !phone.Has("Nombre à comparer "+number[1]) || !phone.Has("Maison France Services") || phone.Header().Get("Cache-Control") != "no-store" ||
		!strings.Contains(phone.Header().Get("X-Robots-Tag"), "noindex") {
		t.Errorf("the phone shows %v %s", phone.Header(), phone.Text())
	}
	// What they say yes to, before they say who they are.
	for _, power := range c.state(t).Terms.Outline(c.Catalogue, c.Clock.Now()) {
		if !phone.Has(power.Name.In("fr")) || !phone.Has("consulter, remplir et envoyer, sans signer ni payer · jusqu’au "+prose.Date("fr", power.Until)) {
			t.Errorf("the phone does not show %s: %s", power.Key, phone.Text())
		}
	}
	if len(phone.Cookies()) != 0 {
		t.Errorf("looking left cookies %v", phone.Cookies())
	}
	answer := c.leaveBy(t, phone, link)
	get(t, c.browser, c.waiting())
	if c.linkState(t) != "left" || typedAddress.MatchString(c.browser.Text()) {
		t.Errorf("a link that is %s is shown on", c.linkState(t))
	}
	get(t, phone, answer)
	c.shows(t, phone, http.StatusOK, "franceconnect.end.done")
	if phone.URL().Path != "/i/fin" || phone.URL().RawQuery != "" || strings.Contains(phone.Text(), "DUBOIS") || c.fc.Count(rogue.EndSession) != 1 ||
		c.fc.Left().Get("post_logout_redirect_uri") != c.URL+"/connexion/franceconnect/fin" {
		t.Errorf("the phone ends at %v: %s", phone.URL(), phone.Text())
	}
	if d := c.state(t); d.State != draft.Identified || d.Identity.FamilyName != "DUBOIS" {
		t.Errorf("the draft is %s", d.State)
	}
	if n := c.Number(t, `select count(*) from mandate_draft d join session s on s.id = d.identified_session where s.person_id = $1`, c.jeanne); n != 1 {
		t.Error("the identity is not bound to the aidant's session")
	}
	if n := c.Number(t, `select count(*) from journal_entry where action = 'draft.identified' and person_id = $1 and body like '%"on":"phone"%'`, c.jeanne); n != 1 {
		t.Errorf("%d entries", n)
	}
	get(t, c.browser, c.waiting())
	if c.browser.H1() != "recapitulatif" {
		t.Errorf("the aidant is at %v", c.browser.URL())
	}
	get(t, phone, link)
	c.shows(t, phone, http.StatusGone, "franceconnect.over.title")
}

// What costs money, begins later or ends something else is said on the phone too.
func TestPhone_ShowsWhatElseIsAgreedTo(t *testing.T) {
	t.Parallel()
	c, phone := open(t), browse.New()
	asked := fixture.Terms(fixture.Tax)
	asked.BankDetails, asked.From = true, terms.DayOf(c.Clock.Now()).AddDate(0, 0, 3)
	if err := c.Drafts.Change(t.Context(), journal.Actor{Kind: journal.Aidant, Person: c.jeanne, Organisation: c.Here}, c.draft, asked); err != nil {
		t.Fatal(err)
	}
	c.Behind(t, `update mandate_draft set payments = true where id = $1`, c.draft)
	get(t, phone, c.link(t))
	for _, says := range []string{"changer vos coordonnées bancaires", "faire des paiements pour vous", "Le mandat commence le " + prose.Date("fr", asked.From)} {
		if !phone.Has(says) {
			t.Errorf("the phone does not say %q: %s", says, phone.Text())
		}
	}
}

// A link shows what the mandate would be, or nothing: not terms that were changed since it was made.
func TestPhone_ShowsNoOtherTerms(t *testing.T) {
	t.Parallel()
	c := open(t)
	link, phone := c.link(t), browse.New()
	get(t, phone, link)
	if err := c.Drafts.Change(t.Context(), journal.Actor{Kind: journal.Aidant, Person: c.jeanne, Organisation: c.Here}, c.draft, fixture.Terms(fixture.Housing)); err != nil {
		t.Fatal(err)
	}
	get(t, phone, link)
	c.shows(t, phone, http.StatusGone, "franceconnect.over.title")
}

// What looks into messages opens links, any number of times, and uses nothing up.
func TestPhone_LookingUsesNothingUp(t *testing.T) {
	t.Parallel()
	c := open(t)
	link := c.link(t)
	for range 5 {
		get(t, browse.New(), link)
	}
	if c.linkState(t) != "opened" {
		t.Errorf("the link is %s", c.linkState(t))
	}
	phone := browse.New()
	get(t, phone, c.leaveBy(t, phone, c.URL+"/i/"+strings.ToUpper(strings.ReplaceAll(link[len(c.URL)+3:], "-", ""))))
	c.shows(t, phone, http.StatusOK, "franceconnect.end.done")
}

// Once somebody has left with a link, no other phone can; the same one may go back and try again, and what it left with before is void.
func TestPhone_BelongsToWhoLeft(t *testing.T) {
	t.Parallel()
	c, phone, other := open(t), browse.New(), browse.New()
	link := c.link(t)
	get(t, other, link)
	first := c.leaveBy(t, phone, link)
	if err := other.Press("FranceConnect", nil); err != nil {
		t.Fatal(err)
	}
	c.shows(t, other, http.StatusConflict, "franceconnect.taken.title")
	get(t, other, link)
	c.shows(t, other, http.StatusConflict, "franceconnect.taken.title")
	again := c.leaveBy(t, phone, link)
	get(t, phone, first)
	c.shows(t, phone, http.StatusOK, "franceconnect.end.not_done")
	if c.linkState(t) != "left" || c.fc.Count(rogue.Token) != 0 {
		t.Errorf("the first answer counted: the link is %s", c.linkState(t))
	}
	get(t, phone, again)
	c.shows(t, phone, http.StatusOK, "franceconnect.end.done")
}

// An answer that comes in another browser, the aidant's own among them, spoils the link and identifies nobody.
func TestPhone_RefusesAnotherBrowser(t *testing.T) {
	t.Parallel()
	c, stranger := open(t), browse.New()
	for name, b := range map[string]*browse.Browser{"a stranger": stranger, "the aidant": c.browser} {
		phone := browse.New()
		answer := c.leaveBy(t, phone, c.link(t))
		get(t, b, answer)
		c.shows(t, b, http.StatusBadRequest, "franceconnect.other_browser.title")
		get(t, phone, answer)
		c.shows(t, phone, http.StatusOK, "franceconnect.end.not_done")
		c.refusedBy(t, "franceconnect.refused.other_browser.title")
		if c.fc.Count(rogue.Token) != 0 {
			t.Errorf("%s: a code was exchanged", name)
		}
	}
}

func TestPhone_Expires(t *testing.T) {
	t.Parallel()
	c, phone := open(t), browse.New()
	link := c.link(t)
	get(t, phone, link)
	c.Clock.Advance(10*time.Minute + time.Second)
	if err := phone.Press("FranceConnect", nil); err != nil {
		t.Fatal(err)
	}
	c.shows(t, phone, http.StatusGone, "franceconnect.over.title")
	c.refusedBy(t, "franceconnect.waiting.expired")

	link = c.link(t)
	c.Clock.Advance(9 * time.Minute)
	answer := c.leaveBy(t, phone, link)
	c.Clock.Advance(session.AttemptLife - time.Minute)
	get(t, phone, answer) // 18 minutes after the link was made, nine after leaving
	c.shows(t, phone, http.StatusOK, "franceconnect.end.done")
}

func TestPhone_RefusesALateAnswer(t *testing.T) {
	t.Parallel()
	c, phone := open(t), browse.New()
	link := c.link(t)
	c.leaveBy(t, phone, link)
	for range 3 { // going back does not lengthen it for ever
		c.Clock.Advance(6 * time.Minute)
		c.leaveBy(t, phone, link)
	}
	answer := phone.URL().String()
	c.Clock.Advance(2*time.Minute + time.Second)
	get(t, phone, answer)
	c.shows(t, phone, http.StatusBadRequest, "franceconnect.over.title")
	c.refusedBy(t, "franceconnect.waiting.expired")
	if c.fc.Count(rogue.Token) != 0 {
		t.Error("a code was exchanged")
	}
}

// A new link, a cancelled one and the identification on this screen each end the one before.
func TestPhone_OneWayAtATime(t *testing.T) {
	t.Parallel()
	c := open(t)
	for name, end := range map[string]func(){
		"another link": func() { c.link(t) },
		"cancelled":    func() { get(t, c.browser, c.waiting()); press(t, c.browser, "Annuler ce code") },
		"this screen":  func() { c.leave(t) },
	} {
		looked, left := browse.New(), browse.New()
		link := c.link(t)
		get(t, looked, link)
		end()
		if err := looked.Press("FranceConnect", nil); err != nil {
			t.Fatal(err)
		}
		c.shows(t, looked, http.StatusGone, "franceconnect.over.title")
		answer := c.leaveBy(t, left, c.link(t))
		end()
		get(t, left, answer)
		c.shows(t, left, http.StatusGone, "franceconnect.over.title")
		if d := c.state(t); d.State != draft.Open || c.fc.Count(rogue.Token) != 0 {
			t.Errorf("%s: the draft is %s", name, d.State)
		}
	}
	if n := c.Number(t, `select count(*) from franceconnect_link where state in ('made', 'opened', 'left', 'answered')`); n > 1 {
		t.Errorf("%d links live", n)
	}
}

// While an answer is looked at, nothing cancels it.
func TestPhone_AnsweredIsNotCancelled(t *testing.T) {
	t.Parallel()
	c, phone := open(t), browse.New()
	c.leaveBy(t, phone, c.link(t))
	c.Behind(t, `update franceconnect_link set state = 'answered'`)
	get(t, c.browser, c.waiting())
	press(t, c.browser, "Annuler ce code")
	if c.linkState(t) != "answered" || !c.browser.Has("FranceConnect vient de répondre") {
		t.Errorf("the link is %s: %s", c.linkState(t), c.browser.Text())
	}
	if err := c.browser.Post(c.waiting(), nil); err != nil || c.linkState(t) != "answered" {
		t.Errorf("%v, the link is %s", err, c.linkState(t))
	}
}

func press(t *testing.T, b *browse.Browser, button string) {
	t.Helper()
	if err := b.Press(button, nil); err != nil {
		t.Fatal(err, b.Text())
	}
}

// The citizen may say that the link is not theirs: FranceConnect is not asked, and the aidant is told.
func TestPhone_Declined(t *testing.T) {
	t.Parallel()
	c, phone := open(t), browse.New()
	link := c.link(t)
	get(t, phone, link)
	press(t, phone, "Arrêter : ce lien n’est pas pour moi")
	c.shows(t, phone, http.StatusOK, "franceconnect.end.declined")
	c.refusedBy(t, "franceconnect.refused.other_number.title")
	get(t, phone, link)
	c.shows(t, phone, http.StatusGone, "franceconnect.over.title")
	if c.fc.Count("/authorize") != 0 {
		t.Error("FranceConnect was asked")
	}
}

// The professional's own browser is none of a citizen's.
func TestPhone_NotInAProfessionalsBrowser(t *testing.T) {
	t.Parallel()
	c := open(t)
	link := c.link(t)
	get(t, c.browser, link)
	c.shows(t, c.browser, http.StatusForbidden, "franceconnect.professional.title")
	if err := c.browser.Post(link, nil); err != nil {
		t.Fatal(err)
	}
	c.shows(t, c.browser, http.StatusForbidden, "franceconnect.professional.title")
	if c.linkState(t) != "made" {
		t.Errorf("the link is %s", c.linkState(t))
	}
}

// Another site cannot send a phone on: its own page is where the number is compared.
func TestPhone_NotFromAnotherSite(t *testing.T) {
	t.Parallel()
	c, phone := open(t), browse.New()
	link := c.link(t)
	get(t, phone, link)
	if err := phone.PostFrom("https://ailleurs.exemple.invalid/", link, nil); err != nil || phone.Status() != http.StatusForbidden || c.linkState(t) != "opened" {
		t.Errorf("%v %d, the link is %s", err, phone.Status(), c.linkState(t))
	}
}

// Two live links of an organisation never show the same number, and a secret stands in no row.
func TestPhone_Rows(t *testing.T) {
	t.Parallel()
	c := open(t)
	link := c.link(t)
	number, err := strconv.Atoi(shownNumber.FindStringSubmatch(c.browser.Text())[1])
	if err != nil {
		t.Fatal(err)
	}
	phone := browse.New()
	answer := c.leaveBy(t, phone, link)
	c.draft = c.Draft(t, c.jeanne, c.Here)
	c.link(t)
	conn := c.Connect(t, c.Superuser)
	if _, err := conn.Exec(t.Context(), `update franceconnect_link set number = $1`, number); err == nil {
		t.Error("two live links have one number")
	}
	if _, err := conn.Exec(t.Context(), `update franceconnect_link set state = 'cancelled', ended_at = now() + interval '1 day', number = $1`, number); err != nil {
		t.Errorf("a number is not free again: %v", err)
	}
	var row string
	if err := conn.QueryRow(t.Context(), `select string_agg(l::text, ' ') from franceconnect_link l`).Scan(&row); err != nil {
		t.Fatal(err)
	}
	cookie, _ := phone.Cookie("telephone")
	secret := strings.ReplaceAll(link[strings.LastIndex(link, "/")+1:], "-", "")
	for _, s := range []string{cookie, secret, answer[strings.Index(answer, "state=")+6:][:64]} {
		if s == "" || strings.Contains(row, s) || bytes.Contains([]byte(row), []byte(strings.ToUpper(s))) {
			t.Errorf("%q stands in a row", s)
		}
	}
	c.Clock.Advance(25 * time.Hour)
	if err := c.FranceConnect.Purge(t.Context()); err != nil || c.Number(t, `select count(*) from franceconnect_link`) != 0 {
		t.Errorf("links are kept: %v", err)
	}
}

// Addresses that nobody was given are refused, then slowed; a good one works on.
func TestPhone_UnknownLinks(t *testing.T) {
	t.Parallel()
	c, stranger := open(t), browse.New()
	link := c.link(t)
	var statuses []int
	for i := range 22 {
		get(t, stranger, c.URL+"/i/"+strings.Repeat("0", 24)+strconv.Itoa(10+i))
		statuses = append(statuses, stranger.Status())
	}
	if statuses[19] != http.StatusNotFound || statuses[21] != http.StatusTooManyRequests {
		t.Errorf("answers %v", statuses)
	}
	if n := c.Number(t, `select count(*) from security_event where kind = 'identity.link_unknown'`); n < 20 {
		t.Errorf("%d are noted", n)
	}
	get(t, stranger, link)
	c.shows(t, stranger, http.StatusOK, "franceconnect.phone.title")
}

func TestPhone_MakingIsLimited(t *testing.T) {
	t.Parallel()
	c := open(t)
	for range 10 {
		c.link(t)
	}
	if err := c.browser.Post(c.waiting(), nil); err != nil {
		t.Fatal(err)
	}
	c.shows(t, c.browser, http.StatusTooManyRequests, "franceconnect.often.title")
	get(t, c.browser, c.waiting())
	if !typedAddress.MatchString(c.browser.Text()) {
		t.Error("the last link is shown no more")
	}
	c.Clock.Advance(time.Minute)
	c.link(t)
}
