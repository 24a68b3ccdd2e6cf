package idp

import (
	"regexp"
	"strings"
)

// A choice names a procedure, and the case behind a colon when the power is for one case only.

// split returns the procedure and the case of a choice.
func split(choice string) (procedure, ref string) {
	procedure, ref, _ = strings.Cut(choice, ":")
	return procedure, ref
}

// joined is the choice of a procedure and a case.
func joined(procedure, ref string) string {
	if ref == "" {
		return procedure
	}
	return procedure + ":" + ref
}

var caseRef = regexp.MustCompile(`^([0-9a-f]{32})?$`)

// known reports whether a choice may be one that a page has offered.
func (p *Provider) known(procedure, ref string) bool {
	_, ok := p.catalogue.Find(procedure)
	return ok && caseRef.MatchString(ref)
}
