package mutate

import (
	"slices"
	"testing"
)

func TestConditions(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string][]string{
		`update t set a = 1, b = 2 where id = $1 and state = 'x' returning a`:    {"id = $1", "state = 'x'"},
		`select a from t where x between 1 and 2 and not y for update`:           {"x between 1 and 2", "not y"},
		`select s.a = l.a and s.b > $2 from s where s.id = l.id`:                 {"s.a = l.a", "s.b > $2", "s.id = l.id"},
		`select a, b from t join u on u.id = t.id where (a or b = c) order by a`: {"u.id = t.id", "a", "b = c", "(a or b = c)"},
		`select coalesce(a is distinct from b and c, false)`:                     {"a is distinct from b", "c"},
		`select case when a > 1 then 'x and y' else 'z' end`:                     {"a > 1"},
		"l.id = $1 and \x001\x00":                                                {"l.id = $1", "\x001\x00"},
		`insert into t (a) values (1) on conflict do nothing`:                    nil,
		`select count(*) from t`:                                                 nil,
		`l.id = $1`:                                                              nil, // may as well be an item of a set
		`delete from t where exists (select from u where u.id = t.id)`:           {"u.id = t.id", "exists (select from u where u.id = t.id)"},
	} {
		var got []string
		for _, c := range conditions(sql) {
			got = append(got, sql[c.From:c.To])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", sql, got, want)
		}
	}
}

func TestSQLLike(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"select a from t": true, "p.state = 'x' and ": true, "update t\nset a = 1": true, "l.released_at is null": true,
		"a client without client_id, or with one that is too long": false, "after sha256: come 43 characters and no more": false,
	} {
		if sqlLike.MatchString(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
