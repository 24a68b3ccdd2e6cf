package dossier

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/procedure"
	"mandat/internal/report"
	"mandat/internal/throttle"
)

// How it was seen that who asks is the citizen (GDPR, article 12(6)), as it stands in entries.
const (
	SeenDocument = "document" // by an identity document
	SeenKnown    = "known"    // the aidant knows them
)

// Seen are all of them.
var Seen = []string{SeenDocument, SeenKnown}

// The refusals that callers tell apart, besides org.ErrMayNot, org.ErrFactorTooOld, db.ErrNotFound and *throttle.WaitError.
var (
	ErrSeen = errors.New("it is not said how the citizen was recognised")
	ErrBusy = errors.New("other files are being made")
)

// The limits of one file. What passes them is listed with its hash, and told.
const (
	maxAttached = 16 << 20 // bytes of documents
	maxEntries  = 5000
	busy        = 30 * time.Second // how long one waits for the file before
)

// Parts are the registers of which each keeps something about a citizen.
type Parts struct {
	DB        *db.DB
	Journal   *journal.Journal
	Citizens  *citizen.Register
	Mandates  *mandate.Register
	Drafts    *draft.Register
	Reports   *report.Register
	Catalogue *procedure.Catalogue
	Clock     *clock.Clock
	Keeping   func(ctx context.Context, lang string) ([]Keeping, error) // how long things are kept; nil says nothing of it
	Name      func(ctx context.Context, client string) (string, error)  // what people call a service; nil leaves services their client_id
	Contact   Contact
}

// Contact is where whoever runs the service is reached.
type Contact struct{ Phone, Email, Address string }

// Keeping says how long one sort of things is kept, in words.
type Keeping struct{ What, HowLong, Why string }

// Register hands files over.
type Register struct {
	Parts
	throttle *throttle.Throttle
	making   chan struct{} // one file is made at a time: it is held in memory
}

// New returns a register of these parts.
func New(p Parts) *Register {
	return &Register{Parts: p, throttle: throttle.New(p.DB, p.Clock), making: make(chan struct{}, 1)}
}

// handedOver is the detail of the entry; docs/journal.md lists it.
type handedOver struct {
	SHA256      string   `json:"sha256"` // of the bundle, hexadecimal
	Lang        string   `json:"lang"`
	Seen        string   `json:"seen"`
	Sorts       []string `json:"sorts"` // of what stands in it
	Attachments int      `json:"attachments"`
	Entries     int      `json:"entries"`
}

// HandOver makes the file about the citizen of a mandate of the actor's organisation, in a language (French unless it is "en"), and returns it as a .zip. That it
// was handed over is recorded before it is returned: no entry, no file. It is for who may read there (org.Reads), with a fresh second factor, who says how they recognised
// the citizen; whether a mandate stands does not matter.
//
// Errors: ErrSeen, ErrBusy, org.ErrFactorTooOld, org.ErrMayNot, db.ErrNotFound for another organisation's mandate, *throttle.WaitError after too many in a row.
func (r *Register) HandOver(ctx context.Context, by journal.Actor, id uuid.UUID, lang, seen string) ([]byte, error) {
	return r.handOverOf(ctx, by, ofMandate(id), lang, seen)
}

// HandOverAsked is HandOver about the citizen of a request for erasure that is not carried out yet (package erasure). Nobody in the organisation sees them any more, and what is kept
// about them they may have until it goes (GDPR, article 15). It returns db.ErrNotFound for another organisation's request, and for one that was taken back or carried out.
func (r *Register) HandOverAsked(ctx context.Context, by journal.Actor, request uuid.UUID, lang, seen string) ([]byte, error) {
	return r.handOverOf(ctx, by, ofRequest(request), lang, seen)
}

// subject says whom a file is about: how they are found, and locked, by its id ($1) and the organisation ($2).
type subject struct {
	id         uuid.UUID
	scope      func(organisation uuid.UUID) db.Scope
	find, lock string
}

// ofMandate is the citizen of a mandate.
func ofMandate(id uuid.UUID) subject {
	return subject{id, db.InOrganisation, `select m.citizen_id from mandate m where m.id = $1 and m.organisation_id = $2`,
		`select c.id from citizen c join mandate m on m.citizen_id = c.id where m.id = $1 and c.organisation_id = $2 for share of c`}
}

// ofRequest is the citizen of a request for erasure. The policies of rows hide them from the organisation: they are read as jobs read, each statement by the citizen's id or the
// organisation's.
func ofRequest(id uuid.UUID) subject {
	return subject{id, func(uuid.UUID) db.Scope { return db.System() }, `select q.citizen_id from erasure_request q where q.id = $1 and q.organisation_id = $2 and q.state = 'asked'`,
		`select q.citizen_id from erasure_request q where q.id = $1 and q.organisation_id = $2 and q.state = 'asked' for share`}
}

func (r *Register) handOverOf(ctx context.Context, by journal.Actor, of subject, lang, seen string) ([]byte, error) {
	if !slices.Contains(Seen, seen) {
		return nil, ErrSeen
	}
	if err := org.Fresh(by, r.Clock.Now()); err != nil {
		return nil, err
	}
	if lang != "en" {
		lang = "fr"
	}
	if err := r.turn(ctx); err != nil {
		return nil, err
	}
	defer func() { <-r.making }()
	var bundle []byte
	// Ten at once, and one in half an hour: a counter asks for few, and whoever carries an organisation away for many.
	allowance := throttle.Allowance{Of: "dossier", Who: by.Person.String(), Burst: 10, Every: 30 * time.Minute}
	err := r.throttle.Spend(ctx, func() error {
		var err error
		bundle, err = r.handOver(ctx, by, of, lang, seen)
		return err
	}, allowance)
	if err != nil {
		return nil, fmt.Errorf("hand over all that is kept: %w", err)
	}
	return bundle, nil
}

// turn waits until no other file is being made.
func (r *Register) turn(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, busy, ErrBusy)
	defer cancel()
	select {
	case r.making <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *Register) handOver(ctx context.Context, by journal.Actor, of subject, lang, seen string) ([]byte, error) {
	read, err := r.read(ctx, by, of, lang)
	if err != nil {
		return nil, err
	}
	keeping := []Keeping(nil)
	if r.Keeping != nil {
		if keeping, err = r.Keeping(ctx, lang); err != nil {
			return nil, err
		}
	}
	data, err := bundle(lang, read, r.Contact, keeping)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	f := read.file
	batch := &pgx.Batch{}
	mayHand := org.MayEnd(batch, by) // the file is the citizen's: it is handed over by whose certificate is over, too
	there := false
	batch.Queue(of.lock, of.id, by.Organisation).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		there = rows.Next()
		return rows.Err()
	})
	err = r.Journal.RecordAfter(ctx, by, batch, func(*journal.Tx) (journal.Event, error) {
		if err := mayHand(); err != nil {
			return journal.Event{}, err
		}
		if !there { // erased since
			return journal.Event{}, db.ErrNotFound
		}
		return journal.Event{Action: "dossier.handed_over", Citizen: read.citizen,
			Detail: handedOver{hex.EncodeToString(sum[:]), lang, seen, f.sorts(), len(read.attached), len(f.Entries)}}, nil
	})
	return data, err
}

// sorts lists what sorts of things stand in a file, by the names of its members.
func (f *File) sorts() []string {
	out := []string{"citizen"}
	for _, s := range []struct {
		name string
		n    int
	}{{"telephones", len(f.Telephones)}, {"mandates", len(f.Mandates)}, {"drafts", len(f.Drafts)}, {"requests_for_consent", len(f.Requests)}, {"mails", len(f.Mails)},
		{"known_to_services", len(f.Services)}, {"logins", len(f.Logins)}, {"sessions_at_services", len(f.Sessions)}, {"answers_to_services", len(f.Answers)}, {"holds", len(f.Holds)}, {"requests_for_erasure", len(f.Erasures)}, {"unsealings", len(f.Unsealings)}, {"entries", len(f.Entries)},
		{"attachments", len(f.Attachments)}} {
		if s.n > 0 {
			out = append(out, s.name)
		}
	}
	return out
}
