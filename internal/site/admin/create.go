package admin

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/sirene"
	"mandat/internal/site/staff"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

type organisationForm struct {
	page.Common
	New          string // with its first referent: what tells this form from another; "" changes one that is there
	Action, Back string
	Kinds        []staff.Choice
	Lookup       *lookup           // the SIRET was looked up just now
	Known        *org.Organisation // which has the SIRET or the habilitation number already
}

// lookup is what came of looking a SIRET up.
type lookup struct {
	Result string // "found", "closed", "unknown", "down"
	Kind   string // of the alert that says so
}

func (s *Site) renderForm(w http.ResponseWriter, r *http.Request, p *organisationForm, form *page.Form, status int) error {
	p.Current, p.Form, p.Kinds = home.Href, form, staff.Kinds(page.Lang(r))
	return s.Pages.Render(w, r, status, "admin/organisation_form.html", p)
}

// creating is the form of a new organisation: with the number that form has, if it was shown before.
func creating(form *page.Form) *organisationForm {
	number, err := uuid.Parse(form.Value("form"))
	if err != nil {
		number = token.ID()
	}
	return &organisationForm{Common: page.Common{Title: "admin.organisation.new", Trail: []page.Link{home, organisations}}, New: number.String(), Action: organisations.Href, Back: organisations.Href}
}

func changing(o org.Organisation) *organisationForm {
	path := organisationPath(o.ID)
	return &organisationForm{Common: page.Common{Title: "admin.organisation.change", Trail: []page.Link{home, organisations, {Href: path, Text: "admin.organisation.title"}}},
		Action: path + "/modification", Back: path}
}

const createPath = "/admin/structures/nouvelle"

func (s *Site) showCreate(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	return s.acts().Begin(w, r, at, createPath, nil, func(form *page.Form, status int) error { return s.renderForm(w, r, creating(form), form, status) })
}

// fields are those of the form and of an organisation, by the names that org.Organisation.Faults uses.
func fields(o *org.Organisation) map[string]*string {
	return map[string]*string{"siret": &o.SIRET, "name": &o.Name, "address": &o.Address, "address_extra": &o.AddressExtra, "postcode": &o.Postcode, "city": &o.City, "phone": &o.Phone,
		"email": &o.Email, "kind": &o.Kind, "kind_other": &o.KindOther, "insee_code": &o.INSEECode, "department_code": &o.DepartmentCode, "france_services": &o.FranceServices,
		"habilitation_number": &o.HabilitationNumber}
}

// organisationOf reads the form and notes what is wrong with it. A SIRET may have blanks in it, as it is printed.
func organisationOf(form *page.Form) org.Organisation {
	var o org.Organisation
	for name, to := range fields(&o) {
		*to = form.Value(name)
	}
	o.SIRET = siret(form)
	for _, f := range o.Faults() {
		form.Fail(f, "admin.wrong."+f)
	}
	return o
}

func siret(form *page.Form) string {
	return strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(form.Value("siret"))
}

// filledWith is the form of an organisation.
func filledWith(o org.Organisation) *page.Form {
	values := url.Values{}
	for name, from := range fields(&o) {
		values.Set(name, *from)
	}
	return page.FilledForm(values)
}

// looked answers with the form, filled in with what the directory of businesses says of the SIRET. What was typed stays where the directory says
// nothing, and everything when it does not answer.
func (s *Site) looked(w http.ResponseWriter, r *http.Request, p *organisationForm, form *page.Form) error {
	if !org.ValidSIRET(siret(form)) {
		form.Fail("siret", "admin.wrong.siret")
		return s.renderForm(w, r, p, form, http.StatusUnprocessableEntity)
	}
	e, err := s.Businesses.Find(r.Context(), siret(form))
	switch {
	case errors.Is(err, sirene.ErrUnknown):
		p.Lookup = &lookup{"unknown", "warning"}
	case err != nil:
		p.Lookup = &lookup{"down", "warning"}
	case e.Closed:
		p.Lookup = &lookup{"closed", "warning"}
	default:
		p.Lookup = &lookup{"found", "info"}
	}
	told := map[string]string{"name": e.Name, "address": e.Address, "postcode": e.Postcode, "city": e.City, "insee_code": e.INSEE, "department_code": org.DepartmentOf(e.INSEE)}
	values := url.Values{}
	for name := range fields(&org.Organisation{}) {
		values[name] = form.Values(name)
	}
	for _, name := range []string{"referent_given_name", "referent_usual_name", "referent_email", "referent_aidant"} {
		values[name] = form.Values(name)
	}
	for name, text := range told {
		if text != "" {
			values.Set(name, text)
		}
	}
	return s.renderForm(w, r, p, page.FilledForm(values), http.StatusOK)
}

// doCreate adds the organisation and invites its first referent.
func (s *Site) doCreate(w http.ResponseWriter, r *http.Request) error {
	at, form, err := staff.Sent(r)
	if err != nil {
		return err
	}
	if form.Has("act", "lookup") {
		return s.looked(w, r, creating(form), form)
	}
	o := organisationOf(form)
	// A form that is sent twice makes one organisation. Who goes back to it for the next SIRET makes another.
	o.ID = uuid.NewSHA1(uuid.MustParse(creating(form).New), []byte(o.SIRET))
	n := staff.Invitee(form, "referent_")
	if form.Failed() {
		return s.renderForm(w, r, creating(form), form, http.StatusUnprocessableEntity)
	}
	n.Roles = []string{org.RoleReferent}
	if form.Ticked("referent_aidant") {
		n.Roles = append(n.Roles, org.RoleAidant)
	}
	id, err := s.Invitations.CreateOrganisation(r.Context(), at.Actor(), o, n)
	if errors.Is(err, org.ErrFactorTooOld) {
		return s.acts().Later(w, r, createPath, form)
	}
	if _, often := errors.AsType[throttle.WaitError](err); often {
		form.Fail("referent_email", "referent.invite.wrong.often")
		return s.renderForm(w, r, creating(form), form, http.StatusTooManyRequests)
	}
	if again := wrongForm(form, err); again != 0 {
		return s.refused(w, r, at, creating(form), form, o, again)
	}
	if err != nil {
		return refusal(err)
	}
	return s.acts().Finish(w, r, at, organisationPath(id), "admin.organisation.created")
}

// wrongForm is the status with which a form comes back that the domain refused, 0 when it was not the form.
func wrongForm(form *page.Form, err error) int {
	switch {
	case errors.Is(err, db.ErrConflict):
		form.Fail("siret", "admin.wrong.known")
	case errors.Is(err, org.ErrSIRET):
		form.Fail("siret", "admin.wrong.siret")
	case errors.Is(err, org.ErrParticulars):
		form.Fail("name", "referent.field.wrong.value")
	default:
		return 0
	}
	return http.StatusUnprocessableEntity
}

// refused shows the form again, with the organisation that has a number of it already.
func (s *Site) refused(w http.ResponseWriter, r *http.Request, at *session.Session, p *organisationForm, form *page.Form, o org.Organisation, status int) error {
	for _, number := range []string{o.SIRET, o.HabilitationNumber} {
		if number == "" || p.Known != nil {
			continue
		}
		all, err := s.Directory.Organisations(r.Context(), at.Actor(), number)
		if err != nil {
			return refusal(err)
		}
		i := slices.IndexFunc(all, func(x org.Organisation) bool { return x.SIRET == number || x.HabilitationNumber == number })
		if i >= 0 && (p.New != "" || all[i].ID != o.ID) {
			p.Known = &all[i]
		}
	}
	return s.renderForm(w, r, p, form, status)
}

func (s *Site) showChange(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "organisation")
	if err != nil {
		return err
	}
	o, err := s.Directory.Organisation(r.Context(), id)
	if err != nil {
		return err
	}
	if ok, err := s.acts().Confirmed(w, r, at); !ok {
		return err
	}
	p := changing(o)
	form, err := s.acts().Kept(r, p.Action, filledWith(o))
	if err != nil {
		return err
	}
	return s.renderForm(w, r, p, form, http.StatusOK)
}

func (s *Site) doChange(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "organisation")
	if err != nil {
		return err
	}
	was, err := s.Directory.Organisation(r.Context(), id)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if form.Has("act", "lookup") {
		return s.looked(w, r, changing(was), form)
	}
	o := organisationOf(form)
	if form.Failed() {
		return s.renderForm(w, r, changing(was), form, http.StatusUnprocessableEntity)
	}
	o.ID = id
	err = s.Directory.ChangeOrganisation(r.Context(), at.Actor(), o)
	if errors.Is(err, org.ErrFactorTooOld) {
		return s.acts().Later(w, r, changing(was).Action, form)
	}
	if again := wrongForm(form, err); again != 0 {
		return s.refused(w, r, at, changing(was), form, o, again)
	}
	if err != nil {
		return refusal(err)
	}
	return s.acts().Finish(w, r, at, organisationPath(id), "admin.organisation.changed")
}
