package idp

import (
	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/report"
)

// people are those whose end would end the use of a power by a login l. Where a power is used they are locked first.
const people = `select from idp_login l join person a on a.id = l.person_id join certification k on k.person_id = l.person_id
	join membership m on m.organisation_id = l.organisation_id and m.person_id = l.person_id and m.role = 'aidant' join citizen c on c.id = l.citizen_id`

// spent is a power that was used by a login.
type spent struct {
	stepped
	citizen, mandate   uuid.UUID
	procedure, caseRef string
}

// used is the detail of an entry power.used. Service and ProcedureIs say what we know: FranceConnect does not tell which site was opened,
// and the procedure is what the aidant declared; a service that talks to us directly is known, and held to the procedure.
type used struct {
	Login       string `json:"login"`
	Client      string `json:"client"`
	Procedure   string `json:"procedure"`
	ProcedureIs string `json:"procedure_is"` // declared, or enforced
	Case        string `json:"case,omitempty"`
	Theme       string `json:"theme"`
	Service     string `json:"service"` // unknown, or the client
}

// spend is what every use of a power leaves, in its act: the account that the aidant will give of it, a mail to the citizen if they have an
// address, and the entry.
func (p *Provider) spend(tx *journal.Tx, s *spent, who citizen.Identity) (journal.Event, error) {
	tx.By = s.aidant()
	report.Open(tx, s.login, s.citizen, s.mandate, s.procedure, s.caseRef)
	known, _ := p.catalogue.Find(s.procedure)
	event := journal.Event{Action: "power.used", Organisation: s.organisation, Citizen: s.citizen, Mandate: s.mandate, Detail: used{Login: s.login.String(), Client: s.client,
		Procedure: s.procedure, ProcedureIs: s.procedureIs(), Case: s.caseRef, Theme: known.Theme, Service: s.service()}}
	if p.tell == nil || who.Email == "" {
		return event, nil
	}
	return event, p.tell(tx.Tx, tx.Now, org.Message{Kind: "mandate_used", About: s.login.String(), Citizen: s.citizen, Mandate: s.mandate})
}
