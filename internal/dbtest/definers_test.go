package dbtest

import "testing"

// What runs with the owner's rights looks last in temporary tables, which everybody may make, and nobody but the program may call it.
func TestDefiners(t *testing.T) {
	t.Parallel()
	d := New(t)
	conn := d.Connect(t, d.Superuser)
	// anomaly_same_number tells auditors which telephones have one number, and no number: they may not read the index that it compares.
	for what, condition := range map[string]string{
		"looks in temporary tables first": `not exists (select from unnest(p.proconfig) c where c ~ '^search_path=.*, *pg_temp$')`,
		"may be called by auditors":       `p.prorettype <> 'trigger'::regtype and has_function_privilege('mandat_auditor', p.oid, 'execute') and p.proname <> 'anomaly_same_number'`,
	} {
		var names []string
		err := conn.QueryRow(t.Context(), `select coalesce(array_agg(p.proname::text order by p.proname), '{}') from pg_proc p where p.prosecdef and p.pronamespace = 'public'::regnamespace and `+condition).Scan(&names)
		if err != nil {
			t.Fatal(err)
		}
		if len(names) > 0 {
			t.Errorf("%s: %v", what, names)
		}
	}
}
