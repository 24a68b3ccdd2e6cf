package procedure

import "slices"

// Level is how far a power goes, each one holding those before it: who may sign for a citizen may also fill in and look.
type Level string

// The levels, rising.
const (
	See  Level = "see"  // look at the file, and read what was sent
	Act  Level = "act"  // fill in and send too, neither declaring on the citizen's honour, nor accepting or paying anything
	Sign Level = "sign" // sign in their name too: declare on their honour, or accept for them
	Pay  Level = "pay"  // pay with their means too, which includes to sign
)

// Levels lists the levels, rising.
func Levels() []Level { return []Level{See, Act, Sign, Pay} }

// Covers tells whether a power of this level lets what needs the wanted one be done. No unknown level covers, or is covered.
func (l Level) Covers(want Level) bool { return reaches(Levels(), l, want) }

// Assurance is how surely it is known who a citizen is, each one holding those before it.
type Assurance string

// The assurances, rising.
const (
	Known         Assurance = "known"         // known to the organisation since an earlier identification
	Witnessed     Assurance = "witnessed"     // a document seen by the aidant and by a second colleague
	FranceConnect Assurance = "franceconnect" // identified by FranceConnect itself
)

// Assurances lists the assurances, rising.
func Assurances() []Assurance { return []Assurance{Known, Witnessed, FranceConnect} }

// Reaches tells whether this assurance is enough where another one is needed. No unknown assurance reaches, or is reached.
func (a Assurance) Reaches(needed Assurance) bool { return reaches(Assurances(), a, needed) }

// Reach is whether FranceConnect opens a procedure's site to us.
type Reach string

// The reaches.
const (
	Direct Reach = "yes"  // FranceConnect opens it
	Plus   Reach = "plus" // only FranceConnect+ opens it: an identity of level eidas1, as ours is, does not
	None   Reach = "no"   // the site has its own way in, needs none, or there is only a form on paper
)

// Reaches lists the reaches, rising.
func Reaches() []Reach { return []Reach{None, Plus, Direct} }

func reaches[T comparable](rising []T, have, want T) bool {
	h, w := slices.Index(rising, have), slices.Index(rising, want)
	return h >= 0 && w >= 0 && h >= w
}
