package journal

import "testing"

func TestIntegrator_TakesEverythingThatWasCommitted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if c := h.catchUp(t); c.Size != 0 || c.Root != emptyRoot() || c.Origin != testOrigin {
		t.Fatalf("before any act: %+v", c)
	}
	h.acts(t, 3)
	if c := h.catchUp(t); c.Size != 3 {
		t.Fatalf("after three acts: %+v", c)
	}
	h.bulk(t, 10_000)
	h.acts(t, 1)
	if c := h.catchUp(t); c.Size != 10_004 {
		t.Fatalf("after 10,004: %+v", c)
	}
}
