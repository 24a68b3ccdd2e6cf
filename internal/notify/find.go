package notify

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/org"
)

// message is a row, with whom it is for and what it may say.
type message struct {
	id         uuid.UUID
	kind       string
	about      string
	person     *uuid.UUID
	invitation *uuid.UUID
	citizen    *uuid.UUID
	at         time.Time
	to, lang   string // "": nobody
	facts      facts

	until, effective *time.Time
	network          *netip.Prefix
	mandate          *toCitizen // of messages to citizens
}

// found reads a message that waits, and its receiver.
const found = `select m.kind, m.about, m.person_id, m.invitation_id, m.citizen_id, m.created_at, coalesce(p.email, i.email, ''), coalesce(p.lang, i.lang, 'fr'),
		coalesce(p.given_name, i.given_name, '')
	from notify_message m left join person p on p.id = m.person_id left join invitation i on i.id = m.invitation_id and i.state = 'open'
	where m.id = $1 and m.state in ('queued', 'failed')`

func (p *Post) find(ctx context.Context, id uuid.UUID) (message, error) {
	m := message{id: id}
	err := p.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, found, id).Scan(&m.kind, &m.about, &m.person, &m.invitation, &m.citizen, &m.at, &m.to, &m.lang, &m.facts.Name)
		if ask := asks[m.kind]; err == nil && ask != nil {
			err = ask(ctx, tx, &m)
		}
		if err == nil && m.citizen != nil {
			return p.askCitizen(ctx, tx, &m)
		}
		if _, at, there := strings.Cut(m.about, former); err == nil && there {
			err = tx.QueryRow(ctx, `select coalesce((select email from person_contact_former where person_id = $1 and at = $2::text::timestamptz), '')`, m.person, at).Scan(&m.to)
		}
		return err
	})
	return m, err
}

// asks read what a kind tells beside the name of its receiver and the hour. Kinds that tell nothing else are not here.
var asks = map[string]func(context.Context, pgx.Tx, *message) error{
	"invitation": func(ctx context.Context, tx pgx.Tx, m *message) error {
		var roles []string
		err := tx.QueryRow(ctx, `select coalesce(o.name, ''), coalesce(a.given_name || ' ' || a.usual_name, ''), coalesce(a.administrator, false), i.roles, i.expires_at
			from (values ($1::uuid)) one (id) left join invitation i on i.id = one.id left join organisation o on o.id = i.organisation_id left join person a on a.id = i.invited_by`,
			m.invitation).Scan(&m.facts.Place, &m.facts.By, &m.facts.Above, &roles, &m.effective)
		m.facts.Aidant, m.facts.Referent = slices.Contains(roles, org.RoleAidant), slices.Contains(roles, org.RoleReferent)
		return err
	},
	"certified":              certificate,
	"certification_ends":     certificate,
	"certification_resumed":  certificate,
	"suspended_there":        place,
	"organisation_suspended": place,
	"organisation_closed":    place,
	"role_ended":             place,
	"resumed_there":          place,
	"organisation_resumed":   place,
	"referent_named":         place,
	"referent_ended":         place,
	"finding_made":           place,
	"finding_decided":        place,
	"factor_reset_approved": func(ctx context.Context, tx pgx.Tx, m *message) error {
		return tx.QueryRow(ctx, `select (select effective_at from credential_reset where id = $1 and person_id = $2)`, subject(m), m.person).Scan(&m.effective)
	},
	"recovery_used": func(ctx context.Context, tx pgx.Tx, m *message) error {
		return tx.QueryRow(ctx, `select count(*) from credential_recovery where person_id = $1 and used_at is null`, m.person).Scan(&m.facts.Left)
	},
	"new_device": func(ctx context.Context, tx pgx.Tx, m *message) error {
		return tx.QueryRow(ctx, `select coalesce(d.label, ''), d.network from (values (1)) one left join lateral
			(select label, network from session_device where person_id = $1 order by first_at desc limit 1) d on true`, m.person).Scan(&m.facts.Device, &m.network)
	},
	// Who has written everything meanwhile, here and for colleagues whose mandates they follow up, is told nothing.
	"uses_open": func(ctx context.Context, tx pgx.Tx, m *message) error {
		err := tx.QueryRow(ctx, `with recursive owner (organisation_id, person) as (select organisation_id, person_id from membership where person_id = $1 and role = 'aidant' and ended_at is null
				union select h.organisation_id, h.from_person from mandate_handover h join owner o on o.organisation_id = h.organisation_id and h.to_person = o.person)
			select count(*) from report_use u join owner o on o.organisation_id = u.organisation_id and o.person = u.person_id where u.state = 'open' and u.used_at < $2`,
			m.person, m.at.Add(-days)).Scan(&m.facts.Left)
		if m.facts.Left == 0 {
			m.to = ""
		}
		return err
	},
	// Of mandates that have ended meanwhile nothing is told.
	"end_soon": func(ctx context.Context, tx pgx.Tx, m *message) error {
		err := tx.QueryRow(ctx, `select count(*) from mandate_end_told t join mandate m on m.id = t.mandate_id where t.organisation_id = $1 and t.person_id = $2 and t.told_at = $3 and m.state = 'standing'`,
			subject(m), m.person, m.at).Scan(&m.facts.Left)
		if m.facts.Left == 0 {
			m.to = ""
			return err
		}
		return errors.Join(err, place(ctx, tx, m))
	},
	"orphans": place,
	// It is for the address of before, which package contact keeps for it, also when its person has shown another one by now.
	"contact_changed": func(ctx context.Context, tx pgx.Tx, m *message) error {
		return tx.QueryRow(ctx, `select coalesce((select email from person_contact_former where person_id = $1 and at = $2), '')`, m.person, m.at).Scan(&m.to)
	},
}

// certificate reads until when a certificate lasts.
func certificate(ctx context.Context, tx pgx.Tx, m *message) error {
	return tx.QueryRow(ctx, `select (select certified_until from certification where person_id = $1)`, m.person).Scan(&m.until)
}

// place reads the name of the organisation that a message is about.
func place(ctx context.Context, tx pgx.Tx, m *message) error {
	return tx.QueryRow(ctx, `select coalesce((select name from organisation where id = $1), '')`, subject(m)).Scan(&m.facts.Place)
}

// subject is the id with which what a message is about begins, nil if it begins otherwise.
func subject(m *message) uuid.UUID {
	first, _, _ := strings.Cut(m.about, " ")
	id, err := uuid.Parse(first)
	if err != nil {
		return uuid.Nil
	}
	return id
}
