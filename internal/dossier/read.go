package dossier

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/attestation"
	"mandat/internal/citizen"
	"mandat/internal/consent"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/phone"
	"mandat/internal/report"
)

// content is a file and the documents that go with it.
type content struct {
	file     *File
	citizen  uuid.UUID
	attached []attached
}

// attached is a document in a bundle.
type attached struct {
	name  string
	bytes []byte
}

// reading is one file under way: what was read, all at one instant.
type reading struct {
	r            *Register
	tx           pgx.Tx
	by           journal.Actor
	lang         string
	id           uuid.UUID // the citizen
	key          *envelope.DataKey
	organisation Organisation
	who          citizen.Whole
	mandates     []mandate.Whole
	documents    []attestation.Kept
	uses         []report.Use
	phones       []phone.Whole
	drafts       []draft.Draft
	requests     []consent.Whole
	links        map[uuid.UUID][]Link    // by draft
	receipts     map[uuid.UUID][]Receipt // by mandate
	reminded     map[uuid.UUID]time.Time // by mandate
	people       map[uuid.UUID]string    // names of who acted
	clients      map[string]string       // names of services, by client_id
	out          content
}

// read reads everything about a citizen of the actor's organisation.
func (r *Register) read(ctx context.Context, by journal.Actor, of subject, lang string) (content, error) {
	g := &reading{r: r, by: by, lang: lang, links: map[uuid.UUID][]Link{}, receipts: map[uuid.UUID][]Receipt{}, reminded: map[uuid.UUID]time.Time{}, people: map[uuid.UUID]string{},
		clients: map[string]string{}}
	g.out.file = &File{Format: Format, MadeAt: r.Clock.Now().UTC().Truncate(time.Second)}
	err := r.DB.Snapshot(ctx, of.scope(by.Organisation), func(tx pgx.Tx) error {
		g.tx = tx
		return g.gather(ctx, of)
	})
	if err != nil {
		return content{}, fmt.Errorf("read all that is kept: %w", err)
	}
	if err := g.name(ctx); err != nil {
		return content{}, err
	}
	g.compose()
	g.out.citizen = g.id
	return g.out, nil
}

// gather reads the tables.
func (g *reading) gather(ctx context.Context, of subject) error {
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, g.by)
	o := &g.organisation
	batch.Queue(`select x.citizen_id, o.name, o.siret, o.phone, o.email, concat_ws(', ', nullif(o.address, ''), nullif(o.address_extra, ''), nullif(concat_ws(' ', o.postcode, o.city), ''))
		from (`+of.find+`) x join organisation o on o.id = $2`, of.id, g.by.Organisation).QueryRow(func(row pgx.Row) error {
		if err := mayRead(); err != nil {
			return err
		}
		return row.Scan(&g.id, &o.Name, &o.SIRET, &o.Phone, &o.Email, &o.Address)
	})
	if err := g.tx.SendBatch(ctx, batch).Close(); err != nil {
		return db.Found("find whom it is about", err)
	}
	for _, read := range []func(context.Context) error{g.readSealed, g.readLinks, g.readReceipts, g.readServices, g.readHolds, g.readErasures, g.readMails, g.readEntries, g.readPeople, g.attach} {
		if err := read(ctx); err != nil {
			return err
		}
	}
	return nil
}

// readSealed reads what stands under the citizen's key, by whose package it is.
func (g *reading) readSealed(ctx context.Context) error {
	var err error
	here := g.by.Organisation
	if g.who, g.key, err = g.r.Citizens.Whole(ctx, g.tx, here, g.id); err != nil {
		return err
	}
	if g.mandates, err = g.r.Mandates.OfCitizen(ctx, g.tx, g.by, g.id); err != nil {
		return err
	}
	slices.Reverse(g.mandates)
	if g.documents, err = attestation.OfCitizen(ctx, g.tx, here, g.id); err != nil {
		return err
	}
	if g.uses, err = g.r.Reports.OfCitizen(ctx, g.tx, here, g.id); err != nil {
		return err
	}
	if g.phones, err = phone.OfCitizen(ctx, g.tx, g.key, here, g.id); err != nil {
		return err
	}
	if g.requests, err = consent.OfCitizen(ctx, g.tx, g.key, here, g.id); err != nil {
		return err
	}
	g.drafts, err = g.r.Drafts.OfCitizen(ctx, g.tx, here, g.id)
	return err
}

// numbers are the places of mandates in the file, from 1.
func (g *reading) number(id uuid.UUID) int {
	return 1 + slices.IndexFunc(g.mandates, func(m mandate.Whole) bool { return m.ID == id })
}

func (g *reading) mandateIDs() []uuid.UUID {
	out := make([]uuid.UUID, len(g.mandates))
	for i, m := range g.mandates {
		out[i] = m.ID
	}
	return out
}

// readPeople reads the names of who acted for the citizen.
func (g *reading) readPeople(ctx context.Context) error {
	var ids []uuid.UUID
	for _, m := range g.mandates {
		ids = append(ids, m.Person, m.Witness, m.EndedBy)
	}
	for _, d := range g.drafts {
		ids = append(ids, d.Person, d.Witness)
	}
	for _, p := range g.phones {
		ids = append(ids, p.AskedBy, p.Colleague, p.VerifiedBy, p.RemovedBy)
	}
	for _, c := range g.requests {
		ids = append(ids, c.AskedBy)
	}
	for id := range g.people {
		ids = append(ids, id)
	}
	rows, err := g.tx.Query(ctx, `select id, given_name || ' ' || usual_name from person where id = any ($1)`, ids)
	if err != nil {
		return err
	}
	var id uuid.UUID
	var name string
	_, err = pgx.ForEachRow(rows, []any{&id, &name}, func() error {
		g.people[id] = name
		return nil
	})
	return err
}

// attach opens the documents, the newest first, as long as they fit, and lists those that do not.
func (g *reading) attach(ctx context.Context) error {
	room := maxAttached
	take := func(a Attachment, name string, length int, open func() ([]byte, error)) error {
		if length <= room {
			room -= length
			data, err := open()
			if err != nil {
				return err
			}
			a.Name = name
			g.out.attached = append(g.out.attached, attached{name, data})
		}
		g.out.file.Attachments = append(g.out.file.Attachments, a)
		return nil
	}
	for _, k := range g.documents {
		n := g.number(k.Mandate)
		parts := []string{fmt.Sprintf("pieces/mandat-%d", n), string(k.Kind), k.Lang}
		if k.Size == attestation.Large {
			parts = append(parts, "grand")
		}
		if k.Edition > 1 {
			parts = append(parts, fmt.Sprint(k.Edition))
		}
		a := Attachment{Mandate: n, Kind: string(k.Kind), Lang: k.Lang, Size: string(k.Size), MadeAt: k.IssuedAt.UTC(), SHA256: hex.EncodeToString(k.SHA256)}
		if err := take(a, strings.Join(parts, "-")+".pdf", k.Length, func() ([]byte, error) { return k.Open(ctx, g.tx, g.key) }); err != nil {
			return fmt.Errorf("open a document of mandate %s: %w", k.Mandate, err)
		}
	}
	for _, m := range slices.Backward(g.mandates) {
		if m.EvidenceSHA256 == nil {
			continue
		}
		n := g.number(m.ID)
		a := Attachment{Mandate: n, Kind: "evidence", MadeAt: m.SignedAt.UTC(), SHA256: hex.EncodeToString(m.EvidenceSHA256)}
		if err := take(a, fmt.Sprintf("pieces/mandat-%d-preuve.json", n), m.EvidenceLength, func() ([]byte, error) { return mandate.OpenEvidence(ctx, g.tx, g.key, m.ID) }); err != nil {
			return fmt.Errorf("open the evidence of mandate %s: %w", m.ID, err)
		}
	}
	return nil
}
