package sampling

// CountEach has so many entries read at a time.
func (r *Register) CountEach(n int64) { r.each = n }
