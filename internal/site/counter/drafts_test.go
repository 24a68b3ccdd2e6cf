package counter

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"mandat/internal/citizen"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/sitetest"
)

func (c *counter) paul(t *testing.T) *browser {
	t.Helper()
	return c.visit(t, c.Paul, session.Aidant, c.Clock.Now())
}

// A colleague sees whose a draft is and what is in it, never for whom it is, and can do nothing with it but take it over.
func TestColleague_SeesWhoseADraftIs(t *testing.T) {
	t.Parallel()
	c, _, drawn := newIdentified(t)
	paul := c.paul(t)
	home := paul.Want(paul.Get("/espace"), 200, "Mandats commencés par vos collègues", "Chez jeanne Fictif", "2 démarches", `href="`+drawn+`"`)
	paul.Without(home, "DUBOIS", drawn+"/abandon", drawn+"/temoin", "attend un second collègue")
	theirs := paul.Want(paul.Get(drawn), 200, "jeanne Fictif", "Déclaration", "Faire\u00a0: consulter, remplir", `action="`+drawn+`/reprise"`)
	paul.Without(theirs, "DUBOIS", "Attester")
	for _, path := range []string{"/identite", "/recapitulatif"} {
		paul.Without(paul.Want(paul.Get(drawn+path), 409, "Un collègue a ce brouillon", `href="`+drawn+`"`), "DUBOIS")
	}
	for _, path := range []string{"", "/autre-personne", "/confirmation", "/signature"} {
		paul.Want(paul.Post(drawn+path, "agreed", "on", "tick", "argent"), 409, "Un collègue a ce brouillon", "Rien n’a été signé ni modifié")
	}
	paul.Want(paul.Post(drawn+"/abandon"), 404, "n’existe plus")
	c.wantRows(t, 1, `select count(*) from mandate_draft where state = 'identified'`)
}

// The reference of a case is the citizen's: a colleague learns that there is one.
func TestColleague_SeesNoCase(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	drawn := b.enter("case-"+fixture.Tax, "DOSSIER-4711")
	paul := c.paul(t)
	paul.Without(paul.Want(paul.Get(drawn), 200, "un seul dossier"), "4711")
	b.Want(b.Get(drawn), 200, `value="DOSSIER-4711"`)
}

// What waits for a second colleague comes first, with the way to attest it.
func TestHome_DraftsThatWaitForASecondColleagueComeFirst(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	waits := b.enterOnly("papiers-etat-civil")
	seen := citizen.Identity{GivenName: "Angela", FamilyName: "DUBOIS", Birthdate: "1962-08-24", Gender: "female", Birthcountry: "99100", Birthplace: "75107"}
	if err := c.Drafts.ReadDocument(t.Context(), b.By, draftID(waits), seen, "passport", draft.Who{}); err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(time.Minute)
	later := b.start()
	paul := c.paul(t)
	home := paul.Want(paul.Get("/espace"), 200, "attend un second collègue", `href="`+waits+`/temoin"`, `href="`+later+`"`)
	if strings.Index(home.Body, waits) > strings.Index(home.Body, later) {
		t.Error("the newer draft stands before the one that waits")
	}
	paul.Without(home, "DUBOIS")
	paul.Without(paul.Want(paul.Get(waits), 200, "attend un second collègue", `href="`+waits+`/temoin"`), "DUBOIS")
	own := b.Want(b.Get("/espace"), 200)
	b.Without(own, waits+"/temoin", "vos collègues")
}

// Whoever takes a draft over has the terms and no identity, is told so, and the one who had it is told who has it now.
func TestTakeOver_WithoutTheIdentity(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	paul := c.paul(t)
	shown := identified.FindStringSubmatch(paul.Get(drawn).Body)[1]
	paul.Want(paul.Post(drawn+"/reprise", "version", shown), 303, drawn)
	mine := paul.Want(paul.Get(drawn), 200, "Vous avez repris ce brouillon", "cette identité est effacée", `value="`+fixture.Tax+`" checked`)
	paul.Without(mine, "DUBOIS", `name="informed" value="on" checked`, `name="no_protection" value="on" checked`)
	paul.Without(paul.Want(paul.Get(drawn), 200, "Vous reprenez un brouillon"), "Vous avez repris ce brouillon")
	paul.Want(paul.Post(drawn+"/reprise", "version", shown), 303, drawn) // double click
	c.wantRows(t, 1, `select count(*) from mandate_draft where state = 'open' and identity is null and person_id = $1`, c.Paul.Person)
	c.wantRows(t, 1, `select count(*) from journal_entry where action = 'draft.taken_over'`)

	b.Want(b.Get(drawn), 200, "paul Fictif")
	b.Want(b.Get(drawn+"/recapitulatif"), 409, "repris depuis que vous l’avez ouvert")
	b.Want(b.Post(drawn+"/signature", "version", shown, "agreed", "on"), 409, "Un collègue a ce brouillon")
	b.Want(b.Get("/espace"), 200, "Chez paul Fictif")
	c.wantRows(t, 0, `select count(*) from mandate`)
}

// Of two colleagues who take the same draft over at once one has it, and the other sees who.
func TestTakeOver_BothAtOnce(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	paul, nadia := c.paul(t), c.visit(t, c.Aidant(t, c.Here, "nadia"), session.Aidant, c.Clock.Now())
	answers := make([]sitetest.Answer, 2)
	shown := identified.FindStringSubmatch(paul.Get(drawn).Body)[1] // the same to both
	var wait sync.WaitGroup
	for i, who := range []*browser{paul, nadia} {
		wait.Go(func() { answers[i] = who.Post(drawn+"/reprise", "version", shown) })
	}
	wait.Wait()
	if answers[0].Status > answers[1].Status {
		answers[0], answers[1] = answers[1], answers[0]
	}
	b.Want(answers[0], http.StatusSeeOther, drawn)
	b.Want(answers[1], http.StatusConflict, "Ce brouillon a changé pendant que vous le regardiez", "Vous ne l’avez pas repris")
	c.wantRows(t, 1, `select count(*) from journal_entry where action = 'draft.taken_over'`)
}

// What is signed or given up meanwhile is not taken over.
func TestTakeOver_TooLate(t *testing.T) {
	t.Parallel()
	c, b, drawn := newIdentified(t)
	paul := c.paul(t)
	shown := identified.FindStringSubmatch(paul.Get(drawn).Body)[1]
	paul.Want(paul.Post(drawn+"/reprise"), 409, "Vous ne l’avez pas repris")
	b.Want(b.Post(drawn+"/abandon"), 303, "/espace")
	paul.Want(paul.Post(drawn+"/reprise", "version", shown), 404, "n’existe plus")
	c.wantRows(t, 0, `select count(*) from journal_entry where action = 'draft.taken_over'`)
}

// A draft that is taken over between the page's question whose it is and its act is a colleague's too, and no fault of ours.
func TestRefusal_TakenOverMeanwhile(t *testing.T) {
	t.Parallel()
	p, ok := errors.AsType[*page.Problem](refusal(fmt.Errorf("drop identity: %w", draft.ErrNotOwn)))
	if !ok || p.Status != http.StatusConflict {
		t.Errorf("%+v", p)
	}
}

// Whose passkey has nothing to sign is led to the page that says why.
func TestSign_WithAPasskeyWhatIsNotAllowedAnyMore(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]struct{ change, to, says string }{
		"not in the catalogue":   {`update mandate_draft set procedures = array['argent-retire', procedures[2]] where id = $1`, "/recapitulatif", "Une démarche de ce mandat n’est pas permise"},
		"not the organisation's": {`update organisation set procedures = '{logement-aide-caf}' where id = (select organisation_id from mandate_draft where id = $1)`, "", "ne fait plus, l’une de ces démarches"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, b, drawn := newIdentified(t)
			c.passkey(t, b)
			good := b.filled(drawn, "agreed", "on", "understood", "until", "reading", "aloud")
			c.Behind(t, what.change, draftID(drawn))
			var said map[string]string
			a := b.Send(drawn+"/signature/options", asJSON(good...))
			if err := json.Unmarshal([]byte(a.Body), &said); err != nil || said["location"] != drawn+what.to {
				t.Fatalf("%d %s: %v", a.Status, a.Body, err)
			}
			if a := b.Get(said["location"]); !strings.Contains(a.Body, what.says) {
				t.Errorf("the page does not say why: %d %s", a.Status, a.Body)
			}
		})
	}
}

// A draft of what the catalogue does not offer any more leads to its terms, and not around in a circle.
func TestRecap_OfWhatIsNotOfferedAnyMore(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	drawn := b.start()
	if err := c.Drafts.Identify(t.Context(), b.By, draftID(drawn), fixture.Angela(), c.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	c.Behind(t, `update mandate_draft set procedures = array['argent-retire', procedures[2]] where id = $1`, draftID(drawn))
	a := b.Get(drawn + "/recapitulatif")
	if a.Status != http.StatusConflict || !regexp.MustCompile(`href="[^"]*`+regexp.QuoteMeta(drawn)+`"`).MatchString(a.Body) {
		t.Errorf("the recap: %d %s", a.Status, a.Body)
	}
	if a := b.Get(drawn); a.Status != http.StatusOK {
		t.Errorf("the terms: %d", a.Status)
	}
}
