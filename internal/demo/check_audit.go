package demo

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/cluster"
	"mandat/internal/journal/verify"
)

func (c *check) audit() []step {
	return slices.Concat([]step{
		{"an aidant is kept out of the audit", all(func() error { return c.karim.Get(c.Config.BaseURL + "/audit") }, status(c.karim, 403))},
	}, c.audited(&c.mandate, []string{"Mandat établi", "Mandat utilisé", "Mandat terminé", "Attestation délivrée"}, "DUBOIS", "Dubois", "Angela", "1962-08-24", "août 1962"), []step{
		{"one byte of one entry changed behind the program's back is named", c.tamperEntry},
		{"the end of a mandate moved behind its back is named", all(func() error {
			return c.behind(`update mandate set ends_at = ends_at + interval '1 day' where id = $1`, c.mandate)
		}, c.compare(func() string { return c.mandate.String() }))},
	})
}

// audited is the auditor's part: the journal tells of acts on a mandate in these words and names none of these people, is whole, and the tables
// are what it says.
func (c *check) audited(mandate *uuid.UUID, acts []string, names ...string) []step {
	export := filepath.Join(c.dir, "journal.tar")
	return []step{
		{"the auditor signs in and reads the journal, which holds no name", all(func() error { return c.sofia.SignIn("demo-sofia") }, at(c.sofia, "/audit"),
			func() error { return c.App.CatchUp(c.ctx) }, c.soon(func() error { return c.readEntries(mandate, acts, names) }))},
		{"two witnesses have cosigned what is published, and an authority dates it", c.watched},
		{"she takes the journal away", func() error { return c.takeExport(export) }},
		{"the export is whole, by the policy file alone, and its timestamp is the authority's", func() error { return c.verify(export, "") }},
		{"the running site shows the same journal", func() error { return c.verify(export, c.Config.BaseURL) }},
		{"the mandates are what the journal says", c.compare("Rien à signaler")},
	}
}

// readEntries reads the entries on a mandate, and of everything: they tell of acts, and name nobody. An entry is found some milliseconds after it is in the tree.
func (c *check) readEntries(mandate *uuid.UUID, acts, names []string) error {
	if err := c.sofia.Get(c.Config.BaseURL + "/audit/journal?mandat=" + mandate.String()); err != nil {
		return err
	}
	for _, words := range acts {
		if err := c.sofia.Says(words); err != nil {
			return err
		}
	}
	if err := c.sofia.Get(c.Config.BaseURL + "/audit/journal"); err != nil {
		return err
	}
	for _, name := range append(names, "@") {
		if bytes.Contains(c.sofia.Body(), []byte(name)) {
			return fmt.Errorf("the journal shows %q", name)
		}
	}
	return nil
}

// takeExport downloads the journal once everything done so far is in the tree.
func (c *check) takeExport(path string) error {
	if err := c.App.CatchUp(c.ctx); err != nil {
		return err
	}
	if err := errors.Join(c.sofia.Get(c.Config.BaseURL+"/audit"), c.sofia.Press("Télécharger le journal", nil)); err != nil {
		return err
	}
	if kind := c.sofia.Header().Get("Content-Type"); kind != "application/x-tar" {
		return fmt.Errorf("got %s", kind)
	}
	return os.WriteFile(path, c.sofia.Body(), 0o600)
}

func (c *check) verify(export, site string) error {
	text, err := os.ReadFile(c.Policy)
	if err != nil {
		return err
	}
	policy, err := verify.ParsePolicy(text)
	if err != nil {
		return err
	}
	files, closer, err := verify.OpenExport(export)
	if err != nil {
		return err
	}
	defer func() { _ = closer.Close() }()
	authority, err := os.ReadFile(c.path(authorityFile))
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	r, err := verify.Log(c.ctx, verify.Options{Policy: policy, Export: files, Site: site, Authority: roots})
	if err == nil && (r.Entries < 10 || r.Stamps == 0) {
		err = fmt.Errorf("only %d entries and %d timestamps", r.Entries, r.Stamps)
	}
	return err
}

// watched waits until everything that was done is cosigned, and has it stamped, which is done every hour.
func (c *check) watched() error {
	if err := errors.Join(c.App.CatchUp(c.ctx), c.App.Stamp(c.ctx)); err != nil {
		return err
	}
	text, err := os.ReadFile(c.Policy)
	if err != nil {
		return err
	}
	policy, err := verify.ParsePolicy(text)
	if err != nil {
		return err
	}
	if err := c.sofia.Get(c.Config.BaseURL + "/journal/checkpoint"); err != nil {
		return err
	}
	if n := len(policy.Witnesses()); n != 2 || !policy.Keys().Quorum().Satisfied(c.sofia.Body()) {
		return fmt.Errorf("the published checkpoint lacks a cosignature of %d witnesses", n)
	}
	return nil
}

// compare lets the auditor compare, and looks for words on the page. The words may be known only when the step runs.
func (c *check) compare(words any) func() error {
	return func() error {
		if err := errors.Join(c.sofia.Get(c.Config.BaseURL+"/audit"), c.sofia.Press("Comparer maintenant", nil)); err != nil {
			return err
		}
		if f, ok := words.(func() string); ok {
			return c.sofia.Says(f())
		}
		return c.sofia.Says(words.(string))
	}
}

// tamperEntry changes one letter of the entry that tells of the end of the mandate, and expects its index to be named.
func (c *check) tamperEntry() error {
	var index int64
	err := c.superuser(func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `select l.index from journal_entry e join journal_leaf l on l.entry_id = e.id where e.mandate_id = $1 and e.action = 'mandate.ended'`, c.mandate).Scan(&index)
	})
	if err != nil {
		return err
	}
	if err := c.behind(`update journal_entry set body = replace(body, '"reason":"mistake"', '"reason":"mistakf"') where mandate_id = $1 and action = 'mandate.ended'`, c.mandate); err != nil {
		return err
	}
	path := filepath.Join(c.dir, "tampered.tar")
	if err := c.takeExport(path); err != nil {
		return err
	}
	fault, ok := verify.AsFault(c.verify(path, ""))
	if !ok || fault.Index != index {
		return fmt.Errorf("verification says %w, want entry %d named", fault, index)
	}
	return c.behind(`update journal_entry set body = replace(body, '"reason":"mistakf"', '"reason":"mistake"') where mandate_id = $1 and action = 'mandate.ended'`, c.mandate)
}

// behind runs SQL behind the program's back: as superuser, with the triggers off.
func (c *check) behind(sql string, args ...any) error {
	return c.superuser(func(ctx context.Context, conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, `set session_replication_role = replica`); err != nil {
			return err
		}
		tag, err := conn.Exec(ctx, sql, args...)
		if err == nil && tag.RowsAffected() != 1 {
			err = fmt.Errorf("changed %d rows: %s", tag.RowsAffected(), strings.Fields(sql)[1])
		}
		return err
	})
}

func (c *check) superuser(f func(context.Context, *pgx.Conn) error) error {
	conn, err := pgx.Connect(c.ctx, c.Cluster.DSN(cluster.Superuser, Database))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(c.ctx)) }()
	return f(c.ctx, conn)
}
