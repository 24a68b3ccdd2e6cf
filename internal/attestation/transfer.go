package attestation

import (
	"context"
	"net/netip"
	"strings"

	"mandat/internal/journal"
)

// Offer is Check for an aidant to whom a citizen shows the paper of a mandate that they gave to another organisation: the public address printed on it, or its last
// part alone, and the control word. The question is the same, with the same no and as few tries, of which each organisation has its own. It returns what mandate.Register.StartTransfer takes; mandate.ErrOwn
// for a mandate of the aidant's own organisation.
func (p *Press) Offer(ctx context.Context, by journal.Actor, address, word string, from netip.Addr) (offer string, right bool, err error) {
	m, _, right, err := p.check(ctx, tokenOf(address), by.Organisation, Shown{Word: word}, from)
	if err != nil || !right {
		return "", false, err
	}
	offer, err = p.mandates.Offer(by, m)
	return offer, err == nil, err
}

// tokenOf is the token of a public address as somebody typed it.
func tokenOf(address string) string {
	address = strings.TrimSpace(address)
	if i := strings.LastIndex(address, "/v/"); i >= 0 {
		address = address[i+len("/v/"):]
	}
	address, _, _ = strings.Cut(address, "?")
	address, _, _ = strings.Cut(address, "#")
	return strings.Trim(address, "/ ")
}
