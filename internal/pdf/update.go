package pdf

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// update is an incremental update (ISO 32000-1, 7.5.6): new and changed
// objects written after a revision that stays as it is.
type update struct {
	base    *revision
	changed map[ref]string
	next    ref
}

func (r *revision) update() *update {
	return &update{base: r, changed: map[ref]string{}, next: ref(len(r.offsets) + 1)}
}

func (u *update) add(body string) ref {
	n := u.next
	u.next++
	u.changed[n] = body
	return n
}

// bytes writes base and update, and tells where the body of each changed
// object begins.
func (u *update) bytes() ([]byte, map[ref]int) {
	b := bytes.NewBuffer(bytes.Clone(u.base.data))
	refs := slices.Sorted(maps.Keys(u.changed))
	offsets, bodies := map[ref]int{}, map[ref]int{}
	for _, r := range refs {
		offsets[r] = b.Len()
		fmt.Fprintf(b, "%d 0 obj\n", int(r))
		bodies[r] = b.Len()
		fmt.Fprintf(b, "%s\nendobj\n", u.changed[r])
	}
	table := b.Len()
	b.WriteString("xref\n")
	for _, r := range refs {
		fmt.Fprintf(b, "%d 1\n%010d 00000 n \n", int(r), offsets[r])
	}
	fmt.Fprintf(b, "trailer\n<< /Size %d /Root %s /Info %s /ID %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n",
		int(u.next), u.base.root, u.base.info, u.base.id, u.base.table, table)
	return b.Bytes(), bodies
}
