package account

import (
	"net/http"

	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/session"
)

// sessionsPage is account/sessions.html.
type sessionsPage struct {
	page.Common
	Lines  []session.Listed
	Others bool // there is another one
	Done   string
}

// Where says in words from which network somebody is signed in: the key of a text.
func (p *sessionsPage) Where(l session.Listed) string {
	for _, here := range p.Lines {
		if here.Current && l.Network.IsValid() && l.Network == here.Network {
			return "account.sessions.network_here"
		}
	}
	if l.Network.IsValid() {
		return "account.sessions.network_other"
	}
	return "account.sessions.network_unknown"
}

func (s *Site) showSessions(w http.ResponseWriter, r *http.Request) error {
	lines, err := s.Sessions.List(r.Context(), session.From(r.Context()))
	if err != nil {
		return err
	}
	data := &sessionsPage{Common: page.Common{Title: "account.sessions.title", Current: SessionsPath}, Lines: lines}
	for _, l := range lines {
		data.Others = data.Others || !l.Current
	}
	if data.Done, err = s.notice(r); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "account/sessions.html", data)
}

// ended is the detail of session.ended.
type ended struct {
	All bool `json:"all,omitempty"`
}

// doEnd ends another session. It needs no fresh factor: it takes rights away, and time may matter.
func (s *Site) doEnd(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	err := s.Journal.Record(r.Context(), at.Actor(), func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "session.ended", Detail: ended{}}, s.Sessions.End(r.Context(), tx, at, r.PathValue("browser"))
	})
	if err != nil {
		return err
	}
	return s.done(w, r, SessionsPath, "ended")
}

func (s *Site) doEndOthers(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	err := s.Journal.Record(r.Context(), at.Actor(), func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "session.ended", Detail: ended{All: true}}, s.Sessions.EndOthers(r.Context(), tx, at, s.Sessions.Device(r))
	})
	if err != nil {
		return err
	}
	return s.done(w, r, SessionsPath, "ended_all")
}
