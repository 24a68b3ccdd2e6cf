package recipient

// LookThrough has so many entries of an action looked through for a page.
func (r *Register) LookThrough(n int) { r.reach = n }
