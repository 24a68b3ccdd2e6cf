package staff

import (
	"github.com/google/uuid"

	"mandat/internal/draft"
)

// Step is the page on which a draft goes on.
func Step(d draft.Draft) string {
	switch d.State {
	case draft.Identified:
		return "/brouillons/" + d.ID.String() + "/recapitulatif"
	case draft.Signed:
		return "/mandats/" + d.Mandate.String()
	case draft.Abandoned:
		return "/espace"
	}
	return "/brouillons/" + d.ID.String() + "/identite"
}

// AwaitsColleague tells whether a draft waits for a second colleague, who attests who the citizen is and what they agree to.
func AwaitsColleague(d draft.Draft) bool {
	return d.State == draft.Identified && d.IdentifiedBy != draft.ByFranceConnect && d.Witness == uuid.Nil
}
