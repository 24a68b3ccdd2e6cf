package notify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/org"
	"mandat/internal/prose"
	"mandat/internal/token"
)

// Contact is where whoever runs the service is reached.
type Contact struct{ Phone, Email, Address string }

// queueCitizen queues a message to a citizen who has an address and wants mail of this organisation's, with its job, in one statement. Who wants none since a
// signature (citizen.MailsGuards) is told when a telephone number can agree for them, and at their address of before when it is replaced; and of that signature, in a last mail, if they wanted mails before.
func queueCitizen(tx *db.Tx, now time.Time, m org.Message) {
	id := token.ID()
	var former []byte
	if m.Former != "" {
		former = []byte(m.Former)
	}
	jobs.EnqueueAfter(tx, Job, id, `insert into notify_message (id, kind, channel, about, citizen_id, mandate_id, created_at, former)
		select $6::uuid, $7::text, 'mail', $8::text, id, $9::uuid, $10::timestamptz, $12::bytea from citizen where id = $11 and (has_email or $12::bytea is not null) and (mails_refused_at is null
			or mails_refused_signed and ($7::text in ('phone_verified', 'address_replaced') or $7::text = 'mandate_signed' and mails_refused_at = $10::timestamptz and created_at < $10::timestamptz))
		on conflict (kind, about) do nothing returning 1`, id, m.Kind, m.About, db.OrNull(m.Mandate), now, m.Citizen, former)
}

// many is how many uses of a citizen's mandates in one organisation are told one by one within an hour. Those beyond are held, and told together by Collect: a
// mailbox is not filled, and nothing is left untold.
const many = 4

// aboutMandate is what a message to a citizen tells. It is read with their address when the message is sent, and then only.
const aboutMandate = `select c.id, c.data_key, c.identity, c.identified_at, o.name, o.phone, o.address, o.address_extra, o.postcode, o.city,
		x.signed_at, x.starts_at, x.ends_at, coalesce(x.ended_at, least(x.ends_at, x.lasts_until)), coalesce(x.end_reason, ''),
		coalesce(x.state = 'ended' or least(x.ends_at, x.lasts_until) <= $4, false),
		exists (select from mandate_power p where p.organisation_id = x.organisation_id and p.citizen_id = x.citizen_id and p.ended_at = x.signed_at and p.end_reason = 'superseded'),
		m.kind = 'mandate_used' and $3 <= (select count(*) from notify_message o where o.citizen_id = c.id and o.kind = m.kind
			and (o.created_at, o.id) < (m.created_at, m.id) and o.created_at > m.created_at - interval '1 hour'),
		coalesce(k.n, 0), k.first, k.last, c.mails_refused_at is not null, m.kind in ('phone_verified', 'address_replaced', 'erasure_asked'), m.former, (select q.due_at from erasure_request q where m.kind = 'erasure_asked' and q.citizen_id = c.id and q.state = 'asked'),
		exists (select from report_use u where m.kind = 'mandate_used' and u.way <> 'login' and u.id = case when m.about ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then m.about::uuid end)
	from notify_message m join citizen c on c.id = m.citizen_id join organisation o on o.id = c.organisation_id
		left join mandate x on x.id = m.mandate_id and x.citizen_id = c.id
		left join lateral (select count(*) as n, min(created_at) as first, max(created_at) as last from notify_message k where k.collected_in = m.id) k on true
	where m.id = $1 and c.id = $2 and octet_length(c.data_key) > 0 and octet_length(c.identity) > 0 and (c.mails_refused_at is null
		or c.mails_refused_signed and (m.kind in ('phone_verified', 'address_replaced') or m.kind = 'mandate_signed' and c.mails_refused_at = m.created_at and c.created_at < m.created_at))`

// toCitizen is what a message to a citizen says beside what every message may.
type toCitizen struct {
	held bool // it is not to be sent by itself

	organisation         org.Organisation
	signed, until, ended *time.Time // of the mandate
	starts               *time.Time // when it stands from, if later than its signature
	reason               string     // why it ended
	over                 bool       // it stands no more
	replaces             bool       // it took the place of an earlier one, or of a part of it
	uses                 int        // those collected, with the first and the last
	first, last          *time.Time
	quiet                bool       // it goes although they want no mails
	guards               bool       // it is of their agreement or of their data, and of no mandate
	due                  *time.Time // when their data is to be erased
	declared             bool       // it was used otherwise than by a login
}

// askCitizen reads the receiver and the facts. An erased or unknown citizen is nobody, and so is who does not want this mail any more.
func (p *Post) askCitizen(ctx context.Context, tx pgx.Tx, m *message) error {
	var s citizen.Sealed
	var former []byte
	c := &toCitizen{}
	o := &c.organisation
	rows, err := tx.Query(ctx, aboutMandate, m.id, m.citizen, many, p.clock.Now())
	if err != nil {
		return err
	}
	there := false
	if _, err := pgx.ForEachRow(rows, append(s.Fields(), &o.Name, &o.Phone, &o.Address, &o.AddressExtra, &o.Postcode, &o.City, &c.signed, &c.starts, &c.until, &c.ended, &c.reason, &c.over, &c.replaces,
		&c.held, &c.uses, &c.first, &c.last, &c.quiet, &c.guards, &former, &c.due, &c.declared), func() error { there = true; return nil }); err != nil || !there {
		return err
	}
	known, err := p.config.Citizens.Open(s)
	if err != nil {
		return err
	}
	m.to, m.lang, m.mandate = known.Identity.Email, "fr", c
	if m.kind == "address_replaced" || m.kind == "erasure_asked" && c.due == nil { // taken back
		m.to = ""
	}
	if former != nil {
		m.to, err = p.config.Citizens.OpenFormer(&s, former)
	}
	return err
}

// tell puts into the facts what a message to a citizen says, in one language.
func (c *toCitizen) tell(f *facts, lang string, service Contact) {
	o := c.organisation
	f.Place, f.Phone = quoted(lang, harmless(o.Name)), prose.Together(harmless(o.Phone))
	street := strings.TrimSpace(o.Address + " " + o.AddressExtra)
	f.Address = harmless(street + ", " + o.Postcode + " " + o.City)
	f.ServicePhone, f.ServiceEmail, f.ServiceAddress = prose.Together(service.Phone), service.Email, service.Address
	day := func(at *time.Time, write func(string, time.Time) string) string {
		if at == nil {
			return ""
		}
		return write(lang, *at)
	}
	if c.starts != nil && c.signed != nil && c.starts.After(*c.signed) {
		f.Starts = prose.Date(lang, *c.starts)
	}
	f.Signed, f.Until, f.Ended = day(c.signed, prose.Date), day(c.until, prose.Date), day(c.ended, prose.DateTime)
	f.First, f.Last, f.Uses = day(c.first, prose.DateTime), day(c.last, prose.DateTime), c.uses
	f.Quiet, f.Guards, f.Declared, f.Erased = c.quiet, c.guards, c.declared, day(c.due, prose.Date)
	f.Over, f.Replaces, f.Moved, f.Expired, f.Wished = c.over, c.replaces, c.reason == "transferred", c.over && (c.reason == "" || c.reason == "expired"), c.reason == "citizen"
}

// hold lets a message wait for Collect.
func (p *Post) hold(ctx context.Context, id uuid.UUID) error {
	err := p.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update notify_message set state = 'held', ended_at = null where id = $1 and state in ('queued', 'failed')`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("hold a message: %w", err)
	}
	return nil
}

// Collect puts what is held for a citizen for an hour or longer into one message. It is for a job.
func (p *Post) Collect(ctx context.Context) error {
	var due []uuid.UUID
	err := p.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select distinct citizen_id from notify_message where state = 'held' and created_at <= $1`, p.clock.Now().Add(-time.Hour))
		if err != nil {
			return err
		}
		due, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	for _, who := range due {
		if err == nil {
			err = p.collect(ctx, who)
		}
	}
	if err != nil {
		return fmt.Errorf("collect messages: %w", err)
	}
	return nil
}

func (p *Post) collect(ctx context.Context, who uuid.UUID) error {
	return p.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		id, now := token.ID(), p.clock.Now()
		tx.Queue(`update notify_message set state = 'collected', ended_at = $3, collected_in = $1 where citizen_id = $2 and state = 'held'`, id, who, now)
		jobs.EnqueueAfter(tx, Job, id, `insert into notify_message (id, kind, channel, about, citizen_id, created_at)
			select $6::uuid, 'mandate_uses', 'mail', $6::uuid::text, $7::uuid, $8::timestamptz where exists (select from notify_message where collected_in = $6) returning 1`, id, who, now)
		return nil
	})
}

// lately is how far back TellExpired looks: mandates that ended before are old news, also to a service that has just begun to tell.
const lately = 3 * days

// TellExpired queues a message about each mandate whose time was over lately, once. Nothing changes when a mandate's time is over, so there is no act that could. It
// is for a job.
func (p *Post) TellExpired(ctx context.Context) error {
	if p.config.Mail == nil {
		return nil // nothing would ever send it
	}
	const lot = 200
	for {
		var due []org.Message
		now := p.clock.Now()
		err := p.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, `select x.id, x.citizen_id from mandate x join citizen c on c.id = x.citizen_id
				where (x.ends_at > $1 and x.ends_at <= $2 or x.lasts_until > $1 and x.lasts_until <= $2) and least(x.ends_at, x.lasts_until) > $1 and least(x.ends_at, x.lasts_until) <= $2
				and (x.state <> 'ended' or x.end_reason = 'expired') and c.has_email and c.mails_refused_at is null
				and not exists (select from notify_message m where m.kind = 'mandate_ended' and m.about = x.id::text) limit $3`, now.Add(-lately), now, lot)
			if err != nil {
				return err
			}
			due, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (org.Message, error) {
				m := org.Message{Kind: "mandate_ended"}
				err := row.Scan(&m.Mandate, &m.Citizen)
				m.About = m.Mandate.String()
				return m, err
			})
			return err
		})
		if err == nil && len(due) > 0 {
			err = p.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
				for _, m := range due {
					queueCitizen(tx, now, m)
				}
				return nil
			})
		}
		if err != nil {
			return fmt.Errorf("tell of mandates that expired: %w", err)
		}
		if len(due) < lot {
			return nil
		}
	}
}
