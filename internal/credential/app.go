package credential

import (
	"context"
	"encoding/base32"
	"fmt"
	"image/color"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// appLife is how long an application that was begun waits for its first code.
const appLife = 30 * time.Minute

// App is what an application on a telephone needs to show codes. It is shown once, to its person, and kept by nobody.
type App struct {
	Key  string // to type, in groups of four
	URI  string // otpauth://…, to open on the telephone itself
	Side int    // of the QR code, in modules, with its white border
	Path string // of the QR code: <path d> in a viewBox of Side by Side, dark on white
}

// StartApp begins an application: a secret that counts once ConfirmApp has seen a code of it in the same session. Until then, for half an
// hour, it returns the same one there; in another session of the person it begins anew, or who was at an unlocked screen before them
// would know the secret that they add. An application that counts already goes on until the new one is confirmed.
func (r *Register) StartApp(ctx context.Context, by journal.Actor) (App, error) {
	a, err := r.account(ctx, by.Person)
	if err != nil {
		return App{}, err
	}
	now := r.clock.Now()
	begun, err := r.begun(ctx, by, now)
	if err != nil {
		return App{}, err
	}
	if len(begun) > 0 {
		return r.app(a.name, begun[0].seed)
	}
	id, seed := token.ID(), token.Bytes(20) // of the length of a SHA-1, as RFC 4226 §4 asks
	wrapped, sealed, err := r.keys.Seal(id, purposeSeed, seed)
	if err != nil {
		return App{}, fmt.Errorf("begin application: %w", err)
	}
	err = r.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		tx.Queue(`delete from credential_totp where person_id = $1 and kind = 'app' and confirmed_at is null`, by.Person)
		tx.Queue(`insert into credential_totp (id, person_id, kind, name, data_key, seed, period, created_at) values ($1, $2, 'app', $3, $4, $5, $6, $7)`,
			id, by.Person, beginner(by), wrapped, sealed, int(appPeriod/time.Second), now)
		return nil
	})
	if err != nil {
		return App{}, fmt.Errorf("begin application: %w", err)
	}
	return r.app(a.name, seed)
}

// begun finds the application that was begun in the actor's session.
func (r *Register) begun(ctx context.Context, by journal.Actor, now time.Time) ([]generator, error) {
	return r.generators(ctx, by.Person, `kind = 'app' and confirmed_at is null and created_at > $2 and name = $3 order by created_at desc`, now.Add(-appLife), beginner(by))
}

// beginner is what an application is called that waits for its first code: after the session in which it was begun.
func beginner(by journal.Actor) string { return digest(by.Session)[:60] }

// app writes a secret in the forms that applications read (the Key Uri Format of Google Authenticator, which all of them know).
func (r *Register) app(who string, seed []byte) (App, error) {
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed)
	uri := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + r.name + ":" + who,
		RawQuery: "secret=" + text + "&issuer=" + strings.ReplaceAll(url.QueryEscape(r.name), "+", "%20") + "&algorithm=SHA1&digits=6&period=30"}
	side, path, err := draw(uri.String())
	return App{Key: groups(text), URI: uri.String(), Side: side, Path: path}, err
}

// groups parts a text in groups of four.
func groups(text string) string {
	var out []string
	for len(text) > 4 {
		out, text = append(out, text[:4]), text[4:]
	}
	return strings.Join(append(out, text), " ")
}

// draw makes a QR code that bears a loss of 15 % (level M) as an SVG path, within the white border of four modules that
// scanners need (ISO/IEC 18004).
func draw(text string) (side int, path string, err error) {
	const quiet = 4
	img, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return 0, "", fmt.Errorf("make QR code: %w", err)
	}
	var out strings.Builder
	side = img.Bounds().Dx()
	for y := range side {
		for x := range side {
			if color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y < 128 {
				fmt.Fprintf(&out, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	return side + 2*quiet, out.String(), nil
}

// ConfirmApp makes the application that was begun count, by a code that it shows. It replaces the one that counted before. Errors:
// ErrNoFactor when none was begun in this session in the last half hour, ErrWrong, ErrWait.
func (r *Register) ConfirmApp(ctx context.Context, by journal.Actor, typed string, from netip.Addr) (Given, error) {
	begun, err := r.begun(ctx, by, r.clock.Now())
	if err != nil {
		return Given{}, err
	}
	if len(begun) == 0 {
		return Given{}, ErrNoFactor
	}
	if err := r.count(ctx, adding(by.Person, from)); err != nil {
		return Given{}, err
	}
	g := begun[0]
	step, ok := g.match(tidy(typed), r.clock.Now(), 0, appWindow)
	if !ok {
		return Given{}, ErrWrong
	}
	given := Given{Person: by.Person, Kind: KindApp}
	err = r.own(ctx, by, "confirm application", func(tx *journal.Tx, _ holding) (journal.Event, error) {
		given.At = tx.Now
		detail := changed{Person: by.Person.String(), Kind: KindApp, Factor: g.id.String()}
		var before []uuid.UUID
		if err := tx.QueryRow(ctx, `with gone as (delete from credential_totp where person_id = $1 and kind = 'app' and confirmed_at is not null returning id)
			select coalesce(array_agg(id), '{}') from gone`, by.Person).Scan(&before); err != nil {
			return journal.Event{}, err
		}
		if len(before) == 1 {
			detail.Replaces = before[0].String()
		}
		err := tx.ExecOne(ctx, ErrNoFactor, `update credential_totp set confirmed_at = $2, used_at = $2, last_step = $3, name = 'app' where id = $1 and confirmed_at is null`, g.id, tx.Now, step)
		return journal.Event{Action: "factor.added", Detail: detail}, r.added(err, tx, g.id, by.Person)
	})
	if err != nil {
		return Given{}, err
	}
	return given, r.right(ctx, adding(by.Person, from))
}
