package public

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/prose"
	"mandat/internal/statistics"
	"mandat/internal/throttle"
)

// Figures are the pages of open data: how many acts were done, by month, department and theme (docs/opendata.md).
type Figures struct {
	Pages      *page.Pages
	Statistics *statistics.Register
	Catalogue  *procedure.Catalogue

	mu   sync.Mutex
	made map[string]made // by media type, the last one of each
}

// made is a file of everything that was published, and what it is recognised by.
type made struct {
	tag     string
	content []byte
}

// Mount adds the routes.
func (f *Figures) Mount(r *page.Router) {
	r.Get("/donnees", page.Public, f.showData)
	r.Get("/donnees/actes.csv", page.Public, f.sendCSV)
	r.Get("/donnees/actes.json", page.Public, f.sendJSON)
	r.Get("/donnees/schema.json", page.Public, f.sendSchema)
}

// openActs are what open data call the actions that they tell of, in the order of the page.
var openActs = [][2]string{{"mandate.signed", "mandat_signe"}, {"mandate.ended", "mandat_clos"}, {"power.used", "connexion"}, {"power.declared", "demarche_declaree"}}

func openAct(action string) string {
	for _, a := range openActs {
		if a[0] == action {
			return a[1]
		}
	}
	return action
}

// openColumns are the names of the columns.
var openColumns = []string{"mois", "departement", "theme", "acte", "nombre"}

const monthForm = "2006-01"

type dataPage struct {
	page.Common
	Editions []openEdition
	Acts     [][2]string
	Columns  []string
	Themes   []procedure.Theme
	Least    int        // of acts and citizens
	Aidants  int        // at least
	Lines    []openLine // the totals of the newest month
	Newest   string
}

type openEdition struct {
	statistics.Edition
	Text string
	Sum  string
}

type openLine struct{ Theme, Act, Count string }

func (f *Figures) showData(w http.ResponseWriter, r *http.Request) error {
	editions, err := f.Statistics.Editions(r.Context())
	if err != nil {
		return err
	}
	lang := page.Lang(r)
	p := &dataPage{Common: page.Common{Title: "opendata.title", Trail: []page.Link{home}}, Acts: openActs, Columns: openColumns, Themes: f.Catalogue.Themes(), Least: statistics.Least, Aidants: statistics.LeastAidants}
	for _, e := range editions {
		p.Editions = append(p.Editions, openEdition{e, monthText(lang, e.Month), hex.EncodeToString(e.SHA256)})
	}
	if len(editions) > 0 {
		p.Newest = p.Editions[0].Text
		lines, err := f.Statistics.Published(r.Context(), editions[0].Month)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if theme, ok := f.Catalogue.Theme(l.Theme); ok && l.Department == statistics.Total {
				p.Lines = append(p.Lines, openLine{theme.Name.In(lang), openAct(l.Action), prose.Number(lang, l.Acts)})
			}
		}
	}
	return f.Pages.Render(w, r, http.StatusOK, "public/opendata.html", p)
}

func monthText(lang string, month time.Time) string {
	_, text, _ := strings.Cut(prose.Day(lang, month.Year(), month.Month(), 2), "2 ")
	return text
}

// sendCSV sends every published number, the oldest month first: UTF-8, commas, one line for each. No cell is more than a code or a number.
func (f *Figures) sendCSV(w http.ResponseWriter, r *http.Request) error {
	return f.send(w, r, "text/csv; charset=utf-8", func(_ []statistics.Edition, each func(func(month string, l statistics.Line) error) error) ([]byte, error) {
		var b bytes.Buffer
		out := csv.NewWriter(&b)
		err := out.Write(openColumns)
		if err == nil {
			err = each(func(month string, l statistics.Line) error {
				return out.Write([]string{month, l.Department, l.Theme, openAct(l.Action), strconv.FormatInt(l.Acts, 10)})
			})
		}
		out.Flush()
		return b.Bytes(), errors.Join(err, out.Error())
	})
}

type openFile struct {
	Licence string        `json:"licence"`
	Schema  string        `json:"schema"`
	Months  []openMonth   `json:"mois"`
	Lines   []openFigures `json:"lignes"`
}

type openMonth struct {
	Month     string `json:"mois"`
	Published string `json:"publie_le"`
	Lines     int    `json:"lignes"`
	SHA256    string `json:"sha256"`
}

type openFigures struct {
	Month      string `json:"mois"`
	Department string `json:"departement"`
	Theme      string `json:"theme"`
	Act        string `json:"acte"`
	Count      int64  `json:"nombre"`
}

// licence is the Licence Ouverte 2.0 of Etalab.
const licence = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"

func (f *Figures) sendJSON(w http.ResponseWriter, r *http.Request) error {
	return f.send(w, r, "application/json; charset=utf-8", func(editions []statistics.Edition, each func(func(month string, l statistics.Line) error) error) ([]byte, error) {
		file := openFile{Licence: licence, Schema: "/donnees/schema.json", Months: []openMonth{}, Lines: []openFigures{}}
		for i := len(editions) - 1; i >= 0; i-- {
			e := editions[i]
			file.Months = append(file.Months, openMonth{e.Month.Format(monthForm), e.PublishedAt.In(prose.Paris).Format(time.DateOnly), e.Lines, hex.EncodeToString(e.SHA256)})
		}
		err := each(func(month string, l statistics.Line) error {
			file.Lines = append(file.Lines, openFigures{month, l.Department, l.Theme, openAct(l.Action), l.Acts})
			return nil
		})
		if err != nil {
			return nil, err
		}
		return json.Marshal(file)
	})
}

// maker makes a file of months, of which it is given each line.
type maker func(editions []statistics.Edition, lines func(func(month string, l statistics.Line) error) error) ([]byte, error)

// send sends what make makes, once, of everything that was published, to any site's program; nothing to who has it already (ETag), for which nothing is read but which months there are.
func (f *Figures) send(w http.ResponseWriter, r *http.Request, kind string, make maker) error {
	editions, err := f.Statistics.Editions(r.Context())
	if err != nil {
		return err
	}
	sum := sha256.New()
	sum.Write([]byte(kind))
	for _, e := range editions {
		sum.Write([]byte(e.Month.Format(monthForm)))
		sum.Write(e.SHA256)
	}
	h := w.Header()
	h.Set("ETag", `"`+hex.EncodeToString(sum.Sum(nil)[:16])+`"`)
	openTo(h, kind)
	if r.Header.Get("If-None-Match") == h.Get("ETag") {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if err := f.Statistics.Take(r.Context(), from(r)); err != nil {
		return busy(w, err)
	}
	content, err := f.once(kind, h.Get("ETag"), func() ([]byte, error) { return f.all(r.Context(), editions, make) })
	if err != nil {
		return err
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	return nil
}

// once makes a file once for the same months: anybody may ask for it, many at a time, and it is large one day.
func (f *Figures) once(kind, tag string, make func() ([]byte, error)) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if last := f.made[kind]; last.tag == tag {
		return last.content, nil
	}
	content, err := make()
	if err != nil {
		return nil, err
	}
	if f.made == nil {
		f.made = map[string]made{}
	}
	f.made[kind] = made{tag, content}
	return content, nil
}

// all makes a file of all lines, month by month.
func (f *Figures) all(ctx context.Context, editions []statistics.Edition, make maker) ([]byte, error) {
	return make(editions, func(one func(string, statistics.Line) error) error {
		for i := len(editions) - 1; i >= 0; i-- {
			lines, err := f.Statistics.Published(ctx, editions[i].Month)
			for n := 0; err == nil && n < len(lines); n++ {
				err = one(editions[i].Month.Format(monthForm), lines[n])
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// openTo lets programs of any site read an answer, and caches keep it for an hour.
func openTo(h http.Header, kind string) {
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Link", "<"+licence+`>; rel="license"`)
}

// busy tells who has downloaded too much when they may again.
func busy(w http.ResponseWriter, err error) error {
	late, ok := errors.AsType[throttle.WaitError](err)
	if !ok {
		return err
	}
	w.Header().Del("ETag")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(time.Until(late.Until).Seconds()))))
	return sendText(w, http.StatusTooManyRequests, "Trop de téléchargements : réessayez plus tard. Too many downloads: try again later.\n")
}

// sendSchema says what the columns mean, as a Table Schema.
func (f *Figures) sendSchema(w http.ResponseWriter, r *http.Request) error {
	var themes, acts []string
	for _, t := range f.Catalogue.Themes() {
		themes = append(themes, t.Key)
	}
	themes = append(themes, "autre", statistics.Total)
	for _, a := range openActs {
		acts = append(acts, a[1])
	}
	type field map[string]any
	b, err := json.MarshalIndent(field{
		"$schema": "https://frictionlessdata.io/schemas/table-schema.json", "name": "mandat-actes", "title": "Actes faits avec des mandats, par mois, département et thème",
		"description": "Une ligne manque quand le nombre est inférieur à " + strconv.Itoa(statistics.Least) + ", concerne moins de " + strconv.Itoa(statistics.Least) + " personnes, est le fait de moins de " + strconv.Itoa(statistics.LeastAidants) + " aidants, ou permettrait d’en calculer un tel. Un mois publié ne change plus.",
		"licenses":    []field{{"name": "etalab-2.0", "title": "Licence Ouverte 2.0", "path": licence}},
		"path":        "/donnees/actes.csv",
		"fields": []field{
			{"name": "mois", "type": "yearmonth", "title": "Mois", "description": "Mois civil, heure de Paris.", "example": "2026-11", "constraints": field{"required": true}},
			{"name": "departement", "type": "string", "title": "Département", "description": "Code officiel du département de la structure ; « total » pour tous.", "example": "35", "constraints": field{"required": true, "pattern": "^([0-9AB]{2,3}|total)$"}},
			{"name": "theme", "type": "string", "title": "Thème", "description": "Thème des démarches, tel que dans le catalogue ; « autre » hors catalogue, « total » pour la somme des thèmes. Un acte qui touche deux thèmes compte dans chacun.", "example": "argent", "constraints": field{"required": true, "enum": themes}},
			{"name": "acte", "type": "string", "title": "Acte", "description": "Ce qui a été fait.", "example": "mandat_signe", "constraints": field{"required": true, "enum": acts}},
			{"name": "nombre", "type": "integer", "title": "Nombre d’actes", "example": 42, "constraints": field{"required": true, "minimum": statistics.Least}},
		},
		"primaryKey": []string{"mois", "departement", "theme", "acte"},
	}, "", "  ")
	if err != nil {
		return err
	}
	openTo(w.Header(), "application/json; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	return nil
}
