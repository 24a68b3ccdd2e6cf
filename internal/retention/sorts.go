package retention

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// kind is a sort of things: from which table, which of its rows x are due, and which of those a hold keeps. In both, {until} is the time before which they
// are due, {now} the time.
type kind struct{ key, from, due, held string }

// ofCitizen is SQL: that a hold keeps what is about the citizen of a row x with their organisation.
const ofCitizen = `erasure_held(x.organisation_id, x.citizen_id, {now})`

// ofPerson is SQL: that a hold on everybody in an organisation keeps what is about a professional, person_id of a row x, who works there or did.
const ofPerson = `erasure_held_member(x.person_id, {now})`

// Mandates is the policy under which everything about a citizen goes, by package erasure: its own query counts citizens.
const Mandates = "mandates"

// kinds are all sorts but Mandates, in the order in which people are told of them. What deletes them has the same conditions, in the package that owns the table.
var kinds = []kind{
	{"drafts", "mandate_draft", `x.state <> 'signed' and x.expires_at <= {now}`,
		`erasure_held(x.organisation_id, erasure_drafts_citizen(x.id), {now})`},
	{"consents", "consent", `x.state not in ('queued', 'sent', 'yes', 'used') and x.asked_at < {until}`, ofCitizen},
	{"telephones", "phone", `x.state = 'asked' and x.asked_at < {until}`, ofCitizen},
	{"telephone_seats", "phone_holder", `x.kept_until <= ({now} at time zone 'UTC')::date`, ""},
	{"identity_links", "franceconnect_link", `x.created_at < {until}`, `erasure_held(x.organisation_id, erasure_drafts_citizen(x.draft_id), {now})`},
	{"mail_links", "citizen_mails_link", `x.made_at < {until}`, ofCitizen},
	{"messages", "notify_message", `x.created_at < {until}`, `exists (select from citizen c where c.id = x.citizen_id and erasure_held(c.organisation_id, c.id, {now}))`},
	{"logins", "idp_login", `x.created_at < {until}`, `coalesce(` + ofCitizen + `, false)`},
	{"decisions", "decision_answer", `x.day < ({until} at time zone 'Europe/Paris')::date`, ofCitizen},
	{"security_log", "security_event", `x.at < {until}`, ofPerson},
	{"session_origins", "session_origin", `x.opened_at < {until}`, ofPerson},
	{"devices", "session_device", `x.last_at < {until}`, ofPerson},
	{"unsealing_words", "unsealing", `x.words is not null and x.asked_at < {until}`, ofCitizen + ` or ` + ofPerson},
	{"inquiry_words", "inquiry", `x.data_key is not null and x.state = 'closed' and (x.closed_at < {until} or x.erased_at is not null or exists (select from anomaly_alert a where a.case_id = x.id and a.erased_at is not null)
		or exists (select from recipient_signal s where s.case_id = x.id and s.erased_at is not null))`, `erasure_held_inquiry(x.id, {now})`},
	{"anomaly_words", "anomaly_alert", `x.words is not null and (x.closed_at < {until} or x.erased_at is not null)`, `erasure_held(x.organisation_id, null, {now}) or erasure_held_entries(x.entries, {now})`},
	{"anomaly_trials", "anomaly_trial", `x.ended_at < {until}`, ""},
	{"sessions", "session", `x.seen_at < {until}`, ""},
	{"signal_words", "recipient_signal", `x.words is not null and (x.closed_at < {until} or x.erased_at is not null)`, `erasure_held_entries(x.entries, {now})`},
	{"attempts", "session_attempt", `x.expires_at < {until}`, ""},
	{"invitations", "invitation", `coalesce(x.decided_at, x.expires_at) < {until}`, `erasure_held(x.organisation_id, null, {now})`},
	{"former_addresses", "person_contact_former", `x.at < {until}`, ofPerson},
	{"unshown_contacts", "person_contact", `x.expires_at < {now}`, ""},
	{"mail_sign_ins", "maillink", `x.expires_at < {now}`, ""},
	{"challenges", "credential_challenge", `x.expires_at < {now}`, ""},
	{"unfinished_factors", "credential_totp", `x.confirmed_at is null and x.created_at < {until}`, ""},
	{"proofs", `(select expires_at from client_assertion union all select expires_at from dpop_proof union all select expires_at from api_token)`,
		`x.expires_at < {now}`, ""},
	{"pushed_requests", "idp_pushed", `x.expires_at <= {now}`, ""},
	{"sms_callbacks", "smsin_seen", `x.at < {until}`, ""},
	{"allowances", "throttle", `x.tat < {now}`, ""},
}

// query counts what is due, and what of it is held.
func (k kind) query() string {
	held := k.held
	if held == "" {
		held = "false"
	}
	sql := `select count(*) filter (where not held), count(*) filter (where held) from (select ` + held + ` as held from ` + k.from + ` x where ` + k.due + `
		and {until} is not null and {now} is not null) due`
	return strings.NewReplacer("{until}", "$1::timestamptz", "{now}", "$2::timestamptz").Replace(sql)
}

// place is where a policy stands in the list.
func place(key string) int {
	return 1 + slices.IndexFunc(kinds, func(k kind) bool { return k.key == key })
}

func inOrder(all []Policy) []Policy {
	slices.SortStableFunc(all, func(a, b Policy) int { return place(a.Key) - place(b.Key) })
	return all
}

// count counts what is due of a sort, and what is held.
func (r *Register) count(ctx context.Context, q querier, key string, until, now time.Time) (due, held int64, err error) {
	if key == Mandates {
		c, err := r.erasure.CountDue(ctx, now)
		return int64(c.Due), int64(c.Held), err
	}
	n := place(key)
	if n == 0 {
		return 0, 0, db.ErrNotFound
	}
	if err := q.QueryRow(ctx, kinds[n-1].query(), until, now).Scan(&due, &held); err != nil {
		return 0, 0, fmt.Errorf("count what is due of %s: %w", key, err)
	}
	return due, held, nil
}

// Look is what the next run would do with one sort of things.
type Look struct {
	Policy
	Due, Held int64
}

// DryRun says of every sort what the next run would do now. It changes nothing: its transaction can only read.
func (r *Register) DryRun(ctx context.Context) ([]Look, error) {
	now := r.clock.Now()
	var out []Look
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		all, err := list(ctx, tx)
		if err != nil {
			return err
		}
		for _, p := range inOrder(all) {
			l := Look{Policy: p}
			if l.Due, l.Held, err = r.count(ctx, tx, p.Key, p.next(now), now); err != nil {
				return err
			}
			out = append(out, l)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("dry run: %w", err)
	}
	return out, nil
}
