package idp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/client"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// citizenPage is the search, and what it found.
type citizenPage struct {
	page.Common
	Login      Login
	Client     string
	Choice     *organisationChoice // nil for who has one organisation
	Perimeters []string            // names of the themes asked for, in the page's language
	Unknown    bool                // perimeters were asked for and we know none of them
	Serves     []string            // names of the procedures that a service offers; nil for FranceConnect
	Searched   bool
	Found      []foundCitizen
	Full       bool // there may be more
}

// foundCitizen is a citizen who may be chosen, unless Why says why not.
type foundCitizen struct {
	ID              uuid.UUID
	Name, Birthdate string
	Why             string // i18n key
}

// showSearch shows the search: GET /idp/logins/{login}/usager. It also serves to change one's mind.
func (p *Provider) showSearch(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	r, _, l, err := p.enter(w, r, Requested, CitizenChosen)
	if err != nil {
		return r, err
	}
	return r, p.renderSearch(w, r, http.StatusOK, l, &citizenPage{})
}

func (p *Provider) renderSearch(w http.ResponseWriter, r *http.Request, status int, l Login, data *citizenPage) error {
	data.Title, data.NoIndex, data.FormOrigins = "idp.citizen.title", true, []string{client.Origin(l.RedirectURI)}
	data.Login, data.Client = l, p.clientName(r.Context(), l.Client)
	var err error
	if data.Choice, err = p.organisations(r, l); err != nil {
		return err
	}
	data.Perimeters = p.themeNames(l.Perimeters, page.Lang(r))
	data.Unknown = len(l.Perimeters) > 0 && len(data.Perimeters) == 0
	if l.Direct {
		data.Serves = p.procedureNames(l.Procedures, page.Lang(r))
	}
	return p.pages.Render(w, r, status, "idp/citizen.html", data)
}

// searchOrChoose serves both forms of the page: POST /idp/logins/{login}/usager. A search is posted too, because names
// must not stand in addresses, which are kept in histories and logs.
func (p *Provider) searchOrChoose(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	form, err := page.ParseForm(r)
	if err != nil {
		return r, err
	}
	if form.Value("usager") != "" {
		return p.chooseCitizen(w, r, form)
	}
	r, by, l, err := p.enter(w, r, Requested, CitizenChosen)
	if err != nil {
		return r, err
	}
	return r, p.search(w, r, by, l, form)
}

func (p *Provider) search(w http.ResponseWriter, r *http.Request, by journal.Actor, l Login, form *page.Form) error {
	data := &citizenPage{Common: page.Common{Form: form}, Searched: true}
	found, err := p.mandates.Citizens(r.Context(), by, form.Text("recherche", 100), l.ID)
	if errors.Is(err, org.ErrMayNot) { // not any more: whoever begins a login may act
		return p.refuseChoice(w, r, by, l.ID, choice{})
	}
	if errors.Is(err, citizen.ErrTooShort) {
		form.Fail("recherche", "idp.citizen.too_short")
		data.Searched = false
		return p.renderSearch(w, r, http.StatusUnprocessableEntity, l, data)
	}
	if err != nil {
		return err
	}
	if data.Found, err = p.judge(r.Context(), by, l, found, page.Lang(r)); err != nil {
		return err
	}
	data.Full = len(found) == citizen.MaxResults
	return p.renderSearch(w, r, http.StatusOK, l, data)
}

// judge says of each citizen found whether they can be chosen for this login.
func (p *Provider) judge(ctx context.Context, by journal.Actor, l Login, found []citizen.Citizen, lang string) ([]foundCitizen, error) {
	within, below, err := p.within(ctx, by, l, found)
	if err != nil {
		return nil, err
	}
	out := make([]foundCitizen, len(found))
	for i, c := range found {
		out[i] = foundCitizen{ID: c.ID, Name: c.Identity.FullName(), Birthdate: c.Identity.BirthdateText(lang)}
		switch can := slices.Contains(within, c.ID); {
		case can && !l.Direct && lacksEmail(l.Claims, c.Identity):
			out[i].Why = "idp.citizen.no_email"
		case can:
		case slices.Contains(below, c.ID) && l.Direct:
			out[i].Why = "idp.citizen.below_direct"
		case slices.Contains(below, c.ID):
			out[i].Why = "idp.citizen.below"
		case l.Direct:
			out[i].Why = "idp.citizen.not_served"
		case l.Procedures == nil:
			out[i].Why = "idp.citizen.not_allowed"
		default:
			out[i].Why = "idp.citizen.outside"
		}
	}
	return out, nil
}

// lacksEmail reports whether FranceConnect would be promised an address that the citizen does not have: it refuses an identity without
// one, after all the steps. A service that talks to us itself does without.
func lacksEmail(claims []string, who citizen.Identity) bool {
	return who.Email == "" && slices.Contains(claims, "email")
}

// within returns those of the citizens who have a power that this login can use, and those who have one that it could, had FranceConnect identified them.
func (p *Provider) within(ctx context.Context, by journal.Actor, l Login, found []citizen.Citizen) (within, below []uuid.UUID, err error) {
	ids := make([]uuid.UUID, len(found))
	for i, c := range found {
		ids[i] = c.ID
	}
	now, _ := p.times()
	batch := &pgx.Batch{}
	for _, x := range []struct {
		power string
		who   *[]uuid.UUID
	}{{powerStands, &within}, {powerBelow, &below}} {
		batch.Queue(`select distinct p.citizen_id from idp_login l join organisation o on o.id = l.organisation_id
			join membership m on m.organisation_id = l.organisation_id and m.person_id = l.person_id and m.role = 'aidant'
			join mandate_power p on `+x.power+` and p.citizen_id = any($3) and (l.procedures is null or p.procedure = any(l.procedures)) and `+allows+`
			where l.id = $1`, l.ID, now, ids).Query(func(rows pgx.Rows) error {
			var err error
			*x.who, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	}
	if err := p.db.Ask(ctx, db.InOrganisation(by.Organisation), batch); err != nil {
		return nil, nil, fmt.Errorf("look for powers: %w", err)
	}
	return within, below, nil
}

// A citizen is taken by the first choice, or instead of another one: both are steps, with an entry. A choice that is repeated moves nothing.
const (
	takeCitizen = `
update idp_login l set state = 'citizen_chosen', citizen_id = c.id
from ` + sessionOfClaim + `, citizen c
where l.id = $1 and ` + claimed + ` and (l.state = 'requested' or l.state = 'citizen_chosen' and l.citizen_id is distinct from c.id)` + takable + `
returning s.seen_at, case when not l.direct then l.claims end, l.organisation_id, l.person_id, l.session_id, l.client, l.direct, (select before.citizen_id from idp_login before where before.id = $1), c.id, c.data_key, c.identity, c.identified_at`
	retakeCitizen = `
select s.seen_at, case when not l.direct then l.claims end, l.organisation_id, l.person_id, l.session_id, l.client, l.direct, l.citizen_id, c.id, c.data_key, c.identity, c.identified_at
from idp_login l, ` + sessionOfClaim + `, citizen c
where l.id = $1 and ` + claimed + ` and l.state = 'citizen_chosen' and l.citizen_id = c.id` + takable
	takable = ` and l.expires_at > $2::timestamptz
  and c.id = $5 and c.organisation_id = l.organisation_id and (c.identified_by = 'franceconnect' or l.direct and assurance_reaches(c.identified_by, l.level))
  and (` + acts + ` and (select true from mandate_power p where ` + powerStands + ` and p.citizen_id = c.id and (l.procedures is null or p.procedure = any(l.procedures))
    and ` + allows + ` limit 1))`
)

// chooseCitizen notes whom the login is for. Its statement asks what the guard would; when it moved nothing, the guard says
// why, or refuseChoice.
func (p *Provider) chooseCitizen(w http.ResponseWriter, r *http.Request, form *page.Form) (*http.Request, error) {
	who, unknown := uuid.Parse(form.Value("usager"))
	var taken taken
	if unknown == nil {
		var err error
		if taken, err = p.take(r, who); err != nil {
			return r, err
		}
		if taken.sealed != nil && !taken.lacking {
			page.Redirect(w, r, "/idp/logins/"+r.PathValue("login")+"/demarche")
			return r, nil
		}
	}
	r, err := p.sessions.BrowserWith(w, r, nil)
	if err != nil {
		return r, err
	}
	by, id, err := visit(r)
	switch {
	case err != nil:
		return r, err
	case unknown != nil:
		return r, db.ErrNotFound
	case taken.lacking: // the page offered no button for it; the release refuses it too
		return r, p.pageAgain(w, r, "idp.citizen.no_email")
	}
	return r, p.refuseChoice(w, r, by, id, choice{citizen: who})
}

// taken is the citizen who was chosen, nil if none was. lacking says that they have no address, and the client wants it.
type taken struct {
	sealed  *citizen.Sealed
	lacking bool
}

// take chooses the citizen, with the entry power.citizen_chosen. The choice that is made already is asked for again, and nothing is written.
func (p *Provider) take(r *http.Request, who uuid.UUID) (taken, error) {
	claim := p.sessions.Claim(r)
	id, err := uuid.Parse(r.PathValue("login"))
	if claim == nil || err != nil {
		return taken{}, nil
	}
	var t taking
	batch := &pgx.Batch{}
	p.queueTake(batch, takeCitizen, &t, id, claim, who)
	err = p.record(r.Context(), session.Of(claim), batch, &t.stepped, func() journal.Event {
		detail := t.step()
		if t.before != nil {
			detail.InsteadOf = t.before.String()
		}
		return journal.Event{Action: "power.citizen_chosen", Citizen: who, Detail: detail}
	})
	if errors.Is(err, errNotMoved) {
		batch := &pgx.Batch{}
		p.queueTake(batch, retakeCitizen, &t, id, claim, who)
		err = p.db.Ask(r.Context(), session.Of(claim), batch)
	}
	if err != nil {
		return taken{}, fmt.Errorf("choose citizen: %w", err)
	}
	if t.sealed == nil {
		return taken{}, nil
	}
	if err := p.look(&t.taken, t.claims); err != nil {
		return taken{}, err
	}
	return t.taken, p.sessions.Seen(r.Context(), claim, t.seen)
}

// taking is what the statement says that takes a citizen.
type taking struct {
	stepped
	taken
	seen   time.Time
	claims []string
	before *uuid.UUID // whom it was for
}

func (p *Provider) queueTake(b *pgx.Batch, statement string, t *taking, login uuid.UUID, claim []byte, who uuid.UUID) {
	now, idle := p.times()
	b.Queue(statement, login, now, idle, claim, who).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if !rows.Next() {
			return rows.Err()
		}
		t.login, t.sealed = login, &citizen.Sealed{}
		return rows.Scan(append([]any{&t.seen, &t.claims, &t.organisation, &t.person, &t.session, &t.client, &t.direct, &t.before}, t.sealed.Fields()...)...)
	})
}

// look says whether who was taken lacks what the client wants.
func (p *Provider) look(t *taken, claims []string) error {
	chosen, err := p.citizens.Open(*t.sealed)
	t.lacking = err == nil && lacksEmail(claims, chosen.Identity)
	return err
}

// pageAgain shows the search with what was wrong with the choice.
func (p *Provider) pageAgain(w http.ResponseWriter, r *http.Request, why string) error {
	_, l, err := p.open(r, Requested, CitizenChosen)
	if err != nil {
		return err
	}
	form := &page.Form{}
	form.Fail("recherche", why)
	return p.renderSearch(w, r, http.StatusConflict, l, &citizenPage{Common: page.Common{Form: form}})
}

// clientName is how a client is called towards aidants.
func (p *Provider) clientName(ctx context.Context, id string) string {
	if c, err := p.clients.Find(ctx, id); err == nil && c.Name != "" {
		return c.Name
	}
	return id
}

// themeNames are the names of the themes among perimeters that we know.
func (p *Provider) themeNames(perimeters []string, lang string) []string {
	var out []string
	for _, value := range perimeters {
		if theme, ok := p.catalogue.Perimeter(value); ok && !slices.Contains(out, theme.Name.In(lang)) {
			out = append(out, theme.Name.In(lang))
		}
	}
	return out
}

// procedureNames are the names of procedures of our catalogue.
func (p *Provider) procedureNames(keys []string, lang string) []string {
	var out []string
	for _, key := range keys {
		if known, ok := p.catalogue.Find(key); ok {
			out = append(out, known.Name.In(lang))
		}
	}
	return out
}
