package staff

import (
	"errors"
	"net/http"

	"mandat/internal/org"
	"mandat/internal/page"
)

// Right turns the refusal of a right that an aidant lacks into words, and leaves any other error as it is.
func Right(err error) error {
	switch {
	case org.Why(err) == org.WhyNotCertified:
		return page.NewProblem(http.StatusForbidden, "aidant.problem.not_certified", "/espace")
	case errors.Is(err, org.ErrMayNot):
		p := page.NewProblem(http.StatusForbidden, "aidant.problem.may_not", "/espace")
		if why := org.Why(err); why != "" {
			p.What = "aidant.may_not." + why
		}
		return p
	}
	return err
}
