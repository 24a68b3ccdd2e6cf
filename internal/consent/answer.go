package consent

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/phone"
)

// answerMost is how much of an answer is kept, in characters.
const answerMost = 500

// answered is a request that was answered, locked.
type answered struct {
	Consent
	lang    string
	ignored int
	to      string // kind of the message that was answered
	signed  bool   // the draft is signed
	current bool   // the draft is as it was asked about
	before  []byte // the last answer that counted, sealed
	phone.Held
}

// Answer takes the citizen's answer to one of our messages. The number is compared with the one that was asked; what the text means is Read's to
// say. It changes nothing, and that is no error, when no message has that id, when the answer repeats what stands, and when it comes from elsewhere
// or too late, because the draft was signed otherwise, changed or abandoned too, which is noted. Who calls it has made sure that the gateway says so.
func (r *Register) Answer(ctx context.Context, message uuid.UUID, from, text string) error {
	a := &answered{}
	unknown := false
	batch := &pgx.Batch{}
	// The draft first, as the act that signs it does: a signature comes before the answer, or sees it.
	identified, version := false, 0
	batch.Queue(`select state = 'signed', state = 'identified', version from mandate_draft where id = (select c.draft_id from consent_message m join consent c on c.id = m.consent_id where m.id = $1) for share`, message).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(&a.signed, &identified, &version)
		}
		return rows.Err()
	})
	batch.Queue(`select `+columns+`, c.lang, m.kind, c.answer from consent_message m join consent c on c.id = m.consent_id where m.id = $1 for update of c`, message).QueryRow(func(row pgx.Row) error {
		var err error
		if a.ignored, err = a.scan(row, &a.lang, &a.to, &a.before); errors.Is(err, pgx.ErrNoRows) {
			unknown, err = true, nil
		}
		return err
	})
	err := r.journal.RecordAfter(ctx, journal.Program(), batch, func(tx *journal.Tx) (journal.Event, error) {
		if unknown {
			return journal.Event{}, errSame
		}
		a.current = identified && version == a.Version
		var err error
		if a.Held, err = r.phones.Find(ctx, tx, a.Organisation, a.Phone); errors.Is(err, phone.ErrNotShown) {
			return journal.Event{}, errSame // it was removed: nobody answers for it
		}
		if err != nil {
			return journal.Event{}, err
		}
		return r.answer(ctx, tx, a, from, text)
	})
	if err == nil || errors.Is(err, errSame) {
		return nil
	}
	return fmt.Errorf("take an answer: %w", err)
}

// answer decides what an answer to a known message changes.
func (r *Register) answer(ctx context.Context, tx *journal.Tx, a *answered, from, text string) (journal.Event, error) {
	e := journal.Event{Organisation: a.Organisation, Citizen: a.Citizen}
	d := detail{Consent: a.ID.String(), Draft: a.Draft.String()}
	number, err := org.Phone(from)
	if err != nil || subtle.ConstantTimeCompare([]byte(number), []byte(a.Number.Number)) != 1 {
		d.Why = "number"
		return r.ignore(ctx, tx, a, d, e)
	}
	meaning := Read(text)
	no := meaning == Refused || meaning == Stopped
	more, err := a.more(meaning, tx.Now)
	if err != nil {
		return e, err
	}
	// To a draft that was abandoned or changed, in whatever way, nobody agrees any more; a no still counts, until the draft is signed.
	if stands := a.State == Queued || a.State == Sent || a.State == Yes || more; !stands || !a.current && (!no || a.signed) {
		d.Why = "late"
		return r.ignore(ctx, tx, a, d, e)
	}
	if !tx.Now.Before(a.ExpiresAt) {
		tx.Queue(`update consent set state = 'expired', ended_at = $2 where id = $1`, a.ID, tx.Now)
		err := r.tell(ctx, tx, a, late)
		return journal.Event{Action: "consent.expired", Organisation: e.Organisation, Citizen: e.Citizen, Detail: d}, err
	}
	question := a.to == "request" || a.to == again
	sealed := a.Key.Seal(purpose("answer", a.ID), []byte(clipTo(text, answerMost)))
	switch {
	case no:
		kind := refused
		if meaning == Stopped {
			kind, d.Why = stopped, whyStop
		}
		tx.Queue(`update consent set state = 'no', answered_at = $2, answer = $3 where id = $1`, a.ID, tx.Now, sealed)
		err := r.tell(ctx, tx, a, kind)
		return journal.Event{Action: "consent.refused", Organisation: e.Organisation, Citizen: e.Citizen, Detail: d}, err
	case a.State == Yes && (meaning == Agreed || meaning == Thanked), a.State != Yes && !question:
		return journal.Event{}, errSame
	case meaning == Agreed:
		// By now the number may be a professional's: then a yes says nothing.
		if _, err := r.phones.Hold(ctx, tx, a.Organisation, a.Phone); errors.Is(err, phone.ErrBarred) || errors.Is(err, phone.ErrNotShown) {
			d.Why = "number"
			return r.ignore(ctx, tx, a, d, e)
		} else if err != nil {
			return e, err
		}
		tx.Queue(`update consent set state = 'yes', answered_at = $2, answer = $3 where id = $1`, a.ID, tx.Now, sealed)
		err := r.tell(ctx, tx, a, accepted)
		return journal.Event{Action: "consent.given", Organisation: e.Organisation, Citizen: e.Citizen, Detail: d}, err
	}
	d.Count = a.Unclear + 1
	err = r.unclear(ctx, tx, a, d.Count, sealed)
	return journal.Event{Action: "consent.unclear", Organisation: e.Organisation, Citizen: e.Citizen, Detail: d}, err
}

// whyStop says in an entry that they want no more questions.
const whyStop = "stop"

// more reports whether an answer says more than the no that stands: that they want no more questions.
func (a *answered) more(m Meaning, now time.Time) (bool, error) {
	if a.State != No || m != Stopped || !now.Before(a.ExpiresAt) {
		return false, nil
	}
	before, err := unseal(a.Key, "answer", a.ID, a.before)
	return Read(before) != Stopped, err
}

// unclear asks again, and no yes stands any more: who agreed and then writes "non finalement", or anything else that is not listed, may have changed their
// mind, and says so in words of their own.
func (r *Register) unclear(ctx context.Context, tx *journal.Tx, a *answered, count int, sealed []byte) error {
	state, kind := a.State, again
	if a.State == Yes {
		state, kind = Sent, withdrawn
		if a.SentAt.IsZero() {
			state = Queued // it came before it was noted that the question left
		}
	}
	if count >= unclearMost {
		state, kind = Unclear, closed
	}
	tx.Queue(`update consent set state = $2, unclear = $3, answered_at = $4, answer = $5 where id = $1`, a.ID, state, count, tx.Now, sealed)
	return r.tell(ctx, tx, a, kind)
}

func clipTo(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}

// ignore notes an answer that changes nothing, a few times: who writes on and on fills no journal. The citizen is told once that it is late; a stranger
// is told nothing.
func (r *Register) ignore(ctx context.Context, tx *journal.Tx, a *answered, d detail, e journal.Event) (journal.Event, error) {
	if a.ignored >= ignoredMost {
		return e, errSame
	}
	tx.Queue(`update consent set ignored = ignored + 1 where id = $1`, a.ID)
	var err error
	if d.Why == "late" && a.ignored == 0 {
		kind := late
		if a.signed {
			kind = signed
		}
		err = r.tell(ctx, tx, a, kind)
	}
	return journal.Event{Action: "consent.ignored", Organisation: e.Organisation, Citizen: e.Citizen, Detail: d}, err
}

// tell queues what the citizen is told of their answer, and the job that sends it.
func (r *Register) tell(ctx context.Context, tx *journal.Tx, a *answered, kind string) error {
	var seq int
	if err := tx.QueryRow(ctx, `select max(seq) + 1 from consent_message where consent_id = $1`, a.ID).Scan(&seq); err != nil {
		return err
	}
	text := reply(kind, a.lang, r.config.Contact)
	jobs.Enqueue(tx.Tx, Job, queue(tx, a.ID, a.Organisation, seq, cmp.Or(variants[kind], kind), text, a.Key))
	return nil
}
