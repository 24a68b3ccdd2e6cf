package mandate

import (
	"errors"
	"slices"
)

// The refusals of a citizen whom nobody has identified since something of theirs ended.
var (
	ErrEndedSince = errors.New("the citizen has ended something since they were identified, or passes to somebody else's protection")
	ErrDeath      = errors.New("a mandate of this citizen ended with their death, and nobody has read since who they are")
)

// overSince is, for the statement that reads the earlier powers, the last power of the draft's citizen that ended after they were identified, and for what they agreed
// to before cannot count against: they ended it, themselves or by passing to another organisation, they are protected, or dead; that comes first. That somebody recognises
// them does not bring back the dead: FranceConnect does, or a document, since it was recorded. The reasons are those of the index mandate_power_over.
const overSince = `(select ` + powerColumns + ` from mandate_power p where p.organisation_id = $2 and p.citizen_id = ` + citizenOfDraft + `
		and p.end_reason in ('citizen', 'death', 'protection', 'transferred')
		and p.ended_at > case when p.end_reason = 'death' and (select identified_by = 'known' from mandate_draft where id = $1)
			then (select identified_at from citizen where organisation_id = $2 and sub_index = ` + indexOfDraft + `) else (select identified_at from mandate_draft where id = $1) end
	order by p.end_reason <> 'death', p.ended_at desc limit 1)`

// tellApart takes what ended since (overSince) out of the powers that were read: those that the draft takes the place of have not ended.
func (s *signing) tellApart(read []Power) {
	s.earlier = slices.DeleteFunc(read, func(p Power) bool {
		if p.State == Ended {
			s.endedFor = p.EndReason
		}
		return p.State == Ended
	})
}

// since returns ErrDeath or ErrEndedSince for what ended since the citizen was identified.
func (s *signing) since() error {
	switch s.endedFor {
	case "":
		return nil
	case "death":
		return ErrDeath
	}
	return ErrEndedSince
}
