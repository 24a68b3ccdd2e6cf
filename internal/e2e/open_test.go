package e2e

import (
	"bytes"
	"path"
	"strings"
	"time"

	"mandat/internal/journal/draw"
)

// draws orders a sample, waits for what nobody can know before, and looks at what was drawn.
func (s *parts) draws() {
	s.about("order a sample")
	s.press(`nav a[href="/audit/echantillons"]`)
	s.page("samples.list.title")
	s.look("samples")
	s.unfold("main details")
	s.reaches()
	s.press(`main form[action="/audit/echantillons"] button`)
	s.refusal(422, "samples.list.title")
	s.look("samples-mistakes")
	s.jumpTo(`#errors a[href="#field-nombre"]`)
	s.write("#field-nombre", "4")
	s.choice("#field-motif", "routine")
	s.press(`main form[action="/audit/echantillons"] button`)
	s.says("samples.done.ordered")
	if !strings.HasPrefix(s.path(), "/audit/echantillons/") {
		s.press(`#samples li:has(.fr-badge) a`)
	}
	s.look("sample-waits")
	s.about("look at what was drawn")
	one := s.path()
	s.stands("sample", func() bool { return s.stateOf(one) == "drawn" })
	s.open(one)
	s.says("samples.drawn.title")
	s.look("sample-drawn")
	s.reaches()
	s.press(`#entries button[value=nothing]`)
	s.says("samples.done.nothing")
	s.look("sample-checked")
	s.open("/audit/echantillons")
	s.look("samples-some")
}

// stands waits until witnesses and the authority have said of a larger journal what a draw needs.
func (s *parts) stands(what string, whole func() bool) {
	s.t.Helper()
	n := 0
	s.until(what, func() bool {
		s.open("/audit/journal?acte=mandate&service=" + strings.Repeat("a", 3+n)) // the log has to grow
		n++
		s.must(s.App.CatchUp(s.ctx))
		s.must(s.App.Do(s.ctx, "stamp-journal"))
		s.must(s.App.Do(s.ctx, "draw-samples"))
		return whole()
	})
}

func (s *parts) stateOf(sample string) string {
	return row[string](s.person, `select state from sample where id::text = $1`, path.Base(sample))
}

// isBound orders a sample that is bound to a secret, sees what it would be without it, and gives it.
func (s *parts) isBound() {
	s.about("order a sample that is bound")
	secret := draw.Share(strings.Repeat(map[string]string{"fr": "c0ffee15", "en": "15c0ffee"}[s.lang], 8))
	s.write("#field-nombre", "3")
	s.choice("#field-motif", "routine")
	s.unfold("details:has(#field-empreinte)")
	s.write("#field-empreinte", secret.Sum())
	s.press(`main form[action="/audit/echantillons"] button`)
	s.says("samples.done.ordered")
	if !strings.HasPrefix(s.path(), "/audit/echantillons/") {
		s.press(`#samples li:has(.fr-badge) a`)
	}
	one := s.path()
	s.lapses(one)
	s.about("give the secret")
	s.stands("moment", func() bool { s.open(one); return s.has("#field-secret") })
	s.look("sample-secret")
	s.reaches()
	s.write("#field-secret", strings.Repeat("0", 64))
	s.press(`form[action$="/secret"] button`)
	s.refusal(422, "samples.one.title", "Number", row[string](s.person, `select year || '-' || lpad(number::text, 4, '0') from sample where id::text = $1`, path.Base(one)))
	s.look("sample-secret-wrong")
	s.write("#field-secret", string(secret))
	s.press(`form[action$="/secret"] button`)
	s.until("draw", func() bool {
		s.must(s.App.Do(s.ctx, "draw-samples"))
		return s.stateOf(one) == "drawn"
	})
	s.open(one)
	s.says("samples.drawn.title")
	s.look("sample-secret-given")
}

// lapses looks at a sample as if its time had passed without the secret. Nobody compares registers with the journal meanwhile.
func (s *parts) lapses(sample string) {
	s.about("let it lapse")
	s.comparing.Lock()
	defer s.comparing.Unlock()
	s.behind(`update sample set state = 'lapsed', why = 'share', place = 0, ended_at = now() where id::text = $1`, path.Base(sample))
	s.open(sample)
	s.says("samples.lapsed.title")
	s.look("sample-lapsed")
	s.open("/audit/echantillons")
	s.look("samples-lapsed")
	s.behind(`update sample set state = 'ordered', why = null, place = null, ended_at = null where id::text = $1`, path.Base(sample))
}

// published is what everybody sees.
func (s *parts) published() {
	p := arrive(s.t, habits{lang: s.lang, album: "data"})
	p.about("see what is open data")
	p.open("/")
	p.press(`footer a[href="/donnees"]`)
	p.page("opendata.title")
	p.look("data")
	p.reaches()
	if file := p.download(`main a[href="/donnees/actes.csv"]`); !bytes.HasPrefix(file, []byte("mois,departement,")) {
		p.fatalf("the file begins %q", file[:min(len(file), 40)])
	}
	p.about("see what was published of a month")
	s.comparing.Lock()
	defer s.comparing.Unlock()
	month := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	p.behind(`with l as (insert into statistics_line (month, action, department, theme, acts) select $1, a, d, t, 12 + 100 * length(a || d || t) from unnest(array['mandate.signed', 'power.used']) a,
		unnest(array['75', 'total']) d, unnest(array['argent', 'logement']) t)
		insert into statistics_edition (month, published_at, lines, sha256) values ($1, now(), 8, sha256('x'))`, month)
	defer p.behind(`with l as (delete from statistics_line where month = $1) delete from statistics_edition where month = $1`, month)
	p.open("/donnees")
	p.saysWords(map[string]string{"fr": "juin 2026", "en": "June 2026"}[p.lang])
	p.look("data-published")
}
