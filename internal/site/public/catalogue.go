package public

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mandat/internal/db"
	"mandat/internal/page"
	"mandat/internal/procedure"
)

// mountCatalogue adds the catalogue of procedures: as open data, every version of it, and as a page.
func (s *Site) mountCatalogue(r *page.Router) {
	r.Get("/catalogue", page.Public, s.showCatalogue)
	r.Get("/catalogue.json", page.Public, s.sendNewest)
	r.Get("/catalogue/{version}", page.Public, s.sendVersion)
}

// sendNewest sends the newest version. It changes with the program: a cache may keep it for an hour.
func (s *Site) sendNewest(w http.ResponseWriter, r *http.Request) error {
	c, err := procedure.Load()
	if err != nil {
		return err
	}
	sendCatalogue(w, r, c, "public, max-age=3600")
	return nil
}

// sendVersion sends the version that a path ends with ("2026-11-1.json"). It never changes.
func (s *Site) sendVersion(w http.ResponseWriter, r *http.Request) error {
	name, isJSON := strings.CutSuffix(r.PathValue("version"), ".json")
	c, ok := procedure.Version(name)
	if !isJSON || !ok {
		return db.ErrNotFound
	}
	sendCatalogue(w, r, c, "public, max-age=31536000, immutable")
	return nil
}

// sendCatalogue sends the exact bytes of a version, to any site's program, and none to who has them already (ETag).
func sendCatalogue(w http.ResponseWriter, r *http.Request, c *procedure.Catalogue, keep string) {
	sum := sha256.Sum256(c.File())
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", keep)
	h.Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Access-Control-Allow-Origin", "*")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(c.File()))
}

// cataloguePage is public/catalogue.html.
type cataloguePage struct {
	page.Common
	Version    string
	Older      []string
	Count      int
	Levels     []procedure.Level
	Assurances []procedure.Assurance
	Themes     []catalogueTheme
}

type catalogueTheme struct {
	Key, Name  string
	Procedures []catalogueLine
}

// catalogueLine is a procedure in the words of one language. Host is its site without what stands around it.
type catalogueLine struct {
	procedure.Procedure
	Name, Body, Warning, Host string
}

// showCatalogue shows the newest version.
func (s *Site) showCatalogue(w http.ResponseWriter, r *http.Request) error {
	c, err := procedure.Load()
	if err != nil {
		return err
	}
	p := &cataloguePage{Common: page.Common{Title: "public.catalogue.title", Trail: []page.Link{home}}, Version: c.Version(), Older: procedure.Versions()[1:],
		Levels: procedure.Levels(), Assurances: procedure.Assurances()}
	lang := page.Lang(r)
	for _, theme := range c.Themes() {
		t := catalogueTheme{Key: theme.Key, Name: theme.Name.In(lang)}
		for _, x := range theme.Procedures {
			t.Procedures = append(t.Procedures, catalogueLine{x, x.Name.In(lang), x.Body.In(lang), x.Warning.In(lang), hostOf(x.Site)})
		}
		p.Count += len(t.Procedures)
		p.Themes = append(p.Themes, t)
	}
	return s.Pages.Render(w, r, http.StatusOK, "public/catalogue.html", p)
}

func hostOf(site string) string {
	u, err := url.Parse(site)
	if err != nil {
		return site
	}
	return strings.TrimPrefix(u.Host, "www.")
}
