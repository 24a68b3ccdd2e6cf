package demo

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/twin"
)

// providing is the story of what is told of a citizen, and to whom.
type providing struct {
	*check
	angela uuid.UUID      // her mandate
	login  twin.ToldLogin // what the direct service was told last
}

// CheckProvider walks a whole use by a service behind FranceConnect and one by a service that talks to Mandat directly, prints what each was told,
// claim by claim, and what is left of it when the mandate ends.
func (d *Demo) CheckProvider(ctx context.Context, out io.Writer) error {
	c, done, err := d.newCheck(ctx, out)
	if err != nil {
		return err
	}
	defer done()
	p := &providing{check: c}
	return p.walk([]chapter{{"Sign-in", p.aidants()}, {"Mandate", []step{
		{"a citizen gives a mandate for two procedures", func() (err error) { p.angela, err = p.jeanne.DrawUp("test", tax, housing); return }},
	}}, {"FranceConnect", p.throughFranceConnect()}, {"A direct service", p.directly()}, {"The end", p.over()}})
}

func (p *providing) throughFranceConnect() []step {
	return []step{
		{"a service opens Mandat through FranceConnect, and greets the citizen", all(func() error { return p.jeanne.Use(TaxService, "dubois", tax) }, says(p.jeanne, "Bonjour Angela Claire Louise DUBOIS"))},
		{"FranceConnect was told who the citizen is and the theme, and nobody else", func() error {
			told, err := p.Twin.ToldFranceConnect(p.ctx, "mandat")
			if err != nil {
				return err
			}
			p.note = listed("ID token", told.IDToken) + listed("userinfo", told.Userinfo)
			if fmt.Sprint(told.IDToken["rep_scope"]) != "[Argent-Impots-Consommation]" || told.IDToken["act"] != nil || told.IDToken["authorization_details"] != nil || told.Userinfo["family_name"] != "DUBOIS" {
				return fmt.Errorf("told %v %v", told.IDToken, told.Userinfo)
			}
			return nil
		}},
		{"leaving the service comes back through Mandat", func() error { return p.jeanne.LeaveService(TaxService) }},
	}
}

func (p *providing) directly() []step {
	return []step{
		{"a service sends its request by the back door, and the aidant chooses citizen and procedure", p.enter},
		{"the service was told both identities, the procedure and until when", p.wasTold},
		{"it may ask again while the mandate stands", all(p.press("introspect"), p.press("userinfo"), p.reread, func() error {
			p.note = listed("introspection", p.login.Introspection)
			if p.login.Introspection["active"] != true || p.login.Again["sub"] != p.login.IDToken["sub"] || len(p.login.Refused) > 0 {
				return fmt.Errorf("told %v, %v, refused %v", p.login.Introspection, p.login.Again, p.login.Refused)
			}
			return nil
		})},
		{"the mandate's page shows both uses", all(page(p.jeanne, &p.angela, ""), func() error {
			if n := strings.Count(p.jeanne.Text(), "Mandat utilisé pour"); n != 2 {
				return fmt.Errorf("%d uses: %s", n, p.jeanne.Text())
			}
			return nil
		})},
	}
}

// enter goes from the direct service and back to it, for Angela.
func (p *providing) enter() error {
	return all(func() error { return p.jeanne.Get(p.Twin.Home(DirectService)) }, press(p.jeanne, "#login-"+DirectService, nil), func() error { return p.jeanne.Choose("dubois") },
		func() error {
			button := slices.IndexFunc(p.jeanne.Buttons(), func(s string) bool { return strings.HasPrefix(s, "Continuer vers") })
			if button < 0 {
				return fmt.Errorf("no way on from %q: %s", p.jeanne.H1(), p.jeanne.Text())
			}
			return p.jeanne.Press(p.jeanne.Buttons()[button], url.Values{"demarche": {housing}})
		}, says(p.jeanne, "Dossier de Angela Claire Louise DUBOIS"))()
}

// wasTold prints what the direct service knows, and looks at what makes it different from a sign-in of the citizen's own.
func (p *providing) wasTold() error {
	if err := p.reread(); err != nil {
		return err
	}
	beside := maps.Clone(p.login.Answer)
	delete(beside, "authorization_details") // the same again
	p.note = listed("ID token", p.login.IDToken) + listed("userinfo", p.login.Userinfo) + listed("token answer", beside)
	act, _ := p.login.IDToken["act"].(map[string]any)
	details, _ := p.login.IDToken["authorization_details"].([]any)
	if act["sub"] == nil || act["sub"] == p.login.IDToken["sub"] || len(details) != 1 || !strings.Contains(fmt.Sprint(details[0]), housing) {
		return fmt.Errorf("act %v, authorization_details %v", act, details)
	}
	for _, word := range []string{"Jeanne", p.angela.String()} {
		if strings.Contains(p.note, word) {
			return fmt.Errorf("the service was told %q", word)
		}
	}
	return nil
}

// press presses a button of the direct service's page.
func (p *providing) press(name string) func() error {
	return all(func() error { return p.jeanne.Get(p.Twin.Home(DirectService)) }, press(p.jeanne, name+"="+DirectService, nil))
}

// reread fetches what the direct service was told last.
func (p *providing) reread() error {
	told, err := p.Twin.Told(p.ctx, DirectService)
	if err != nil {
		return err
	}
	if len(told.Logins) == 0 {
		return fmt.Errorf("the service was told nothing: %s", told.Error)
	}
	p.login = told.Logins[len(told.Logins)-1]
	return nil
}

func (p *providing) over() []step {
	return []step{
		{"the mandate ends, and the service is told", all(func() error { return p.karim.End(p.angela, "mistake") }, p.hears)},
		{"its token is worth nothing any more", all(p.press("introspect"), p.press("userinfo"), p.reread, func() error {
			p.note = listed("introspection", p.login.Introspection)
			if len(p.login.Introspection) != 1 || p.login.Introspection["active"] != false || p.login.Refused["userinfo"] == "" {
				return fmt.Errorf("told %v, refused %v", p.login.Introspection, p.login.Refused)
			}
			return nil
		})},
		{"the service is left, and Mandat brings the browser back", all(p.press("logout"), func() error {
			if !strings.HasPrefix(p.jeanne.URL().String(), p.Twin.Home(DirectService)) {
				return fmt.Errorf("came to %s", p.jeanne.URL())
			}
			return nil
		})},
		{"nobody can enter for the citizen any more", all(func() error { return p.jeanne.Get(p.Twin.Home(DirectService)) }, press(p.jeanne, "#login-"+DirectService, nil),
			press(p.jeanne, "Chercher", url.Values{"recherche": {"dubois"}}), func() error {
				if p.jeanne.HasButton("Choisir") {
					return errors.New("the citizen can be chosen")
				}
				return nil
			})},
	}
}

// hears waits until the direct service has been told of the end.
func (p *providing) hears() error {
	began := time.Now()
	for time.Since(began) < 20*time.Second { // five are promised; a machine that does other things is not
		told, err := p.Twin.Told(p.ctx, DirectService)
		if err != nil {
			return err
		}
		if n := len(told.Logouts); n > 0 {
			last := told.Logouts[n-1]
			if last.Error != "" || last.Claims["sub"] != p.login.IDToken["sub"] {
				return fmt.Errorf("logout token %v: %s", last.Claims, last.Error)
			}
			p.note = fmt.Sprintf(", after %v%s", time.Since(began).Round(10*time.Millisecond), listed("logout token", last.Claims))
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("the service was not told")
}

// signedInside is a JWT, as a claim holds it.
var signedInside = regexp.MustCompile(`^ey[\w-]{40,}\.([\w-]{40,})\.[\w-]{40,}$`)

// listed writes claims one a line, under what they were in, with the members of a claim under it; a JWT inside them is listed after them.
func listed(what string, claims map[string]any) string {
	l := list{}
	fmt.Fprintf(&l.claims, "\n        %s", what)
	l.members(claims, "")
	return l.claims.String() + l.inside.String()
}

// list is what listed writes: the claims, and what was signed inside them.
type list struct{ claims, inside strings.Builder }

// moments are the claims that are seconds since 1970 (RFC 7519, NumericDate).
var moments = []string{"auth_time", "exp", "expires_at", "from", "iat", "nbf", "until"}

func (l *list) members(claims map[string]any, indent string) {
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		l.member(name, claims[name], indent)
	}
}

func (l *list) member(name string, value any, indent string) {
	line := func(text string) {
		l.claims.WriteString(strings.TrimRight(fmt.Sprintf("\n          %-30s %s", indent+name, text), " "))
	}
	switch v := value.(type) {
	case map[string]any:
		if len(v) > 0 {
			line("")
			l.members(v, indent+"  ")
			return
		}
	case []any:
		if len(v) == 1 {
			if only, ok := v[0].(map[string]any); ok {
				line("one:")
				l.members(only, indent+"  ")
				return
			}
		}
	case float64:
		if slices.Contains(moments, name) {
			line(fmt.Sprintf("%.0f, %s", v, time.Unix(int64(v), 0).UTC().Format(time.RFC3339)))
			return
		}
	case string:
		if jwt := signedInside.FindStringSubmatch(v); jwt != nil {
			signed := map[string]any{}
			if payload, err := base64.RawURLEncoding.DecodeString(jwt[1]); err == nil && json.Unmarshal(payload, &signed) == nil {
				l.inside.WriteString(listed("signed, in "+name, signed))
			}
			line("a JWT, see below")
			return
		}
	}
	written, err := json.Marshal(value)
	if err != nil {
		written = []byte("?")
	}
	line(string(written))
}
