package staff

import "mandat/internal/draft"

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
