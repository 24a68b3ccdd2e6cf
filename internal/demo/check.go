package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"

	"mandat/internal/walk"
)

// check is the story under way.
type check struct {
	*Demo
	ctx context.Context
	out io.Writer
	dir string // for exports

	jeanne, karim, paul, sofia *walk.Walker
	draft, mandate             uuid.UUID
	status                     string // address of the public status page
	word                       string // control word on the attestation
	note                       string // what the step that runs has to say
}

// Check walks the whole story over HTTP as browsers without JavaScript, prints a line for each step, and returns the error
// of the first that fails.
func (d *Demo) Check(ctx context.Context, out io.Writer) error {
	c, done, err := d.newCheck(ctx, out)
	if err != nil {
		return err
	}
	defer done()
	return c.walk([]chapter{{"Sign-in", c.signIn()}, {"Draft and identity", c.identity()}, {"Recap and signature", c.signature()}, {"Attestation", c.attestation()},
		{"Use", c.use()}, {"End", c.end()}, {"Audit", c.audit()}})
}

// newCheck opens a window for everybody in a story about mandates, and a folder that goes with done.
func (d *Demo) newCheck(ctx context.Context, out io.Writer) (c *check, done func(), err error) {
	dir, err := os.MkdirTemp("", "mandat-check-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a folder: %w", err)
	}
	c = &check{Demo: d, ctx: ctx, out: out, dir: dir}
	c.jeanne, c.karim, c.paul, c.sofia = c.browser(), c.browser(), c.browser(), c.browser()
	return c, func() { _ = os.RemoveAll(dir) }, nil
}

type chapter struct {
	name  string
	steps []step
}

// walk does the steps until one fails.
func (c *check) walk(chapters []chapter) error {
	begun, n := time.Now(), 0
	for _, part := range chapters {
		_, _ = fmt.Fprintf(c.out, "\n%s\n", part.name)
		for _, s := range part.steps {
			c.note = ""
			if err := errors.Join(c.ctx.Err(), s.run()); err != nil {
				_, _ = fmt.Fprintf(c.out, "  FAILED  %s\n", s.says)
				return fmt.Errorf("%s: %s: %w", part.name, s.says, err)
			}
			_, _ = fmt.Fprintf(c.out, "  ok  %s%s\n", s.says, c.note)
			n++
		}
	}
	_, _ = fmt.Fprintf(c.out, "\n%d steps in %v: the whole story works.\n", n, time.Since(begun).Round(time.Millisecond))
	return nil
}

type step struct {
	says string
	run  func() error
}

func (c *check) browser() *walk.Walker {
	w := walk.New(c.Config.BaseURL, c.Twin.Service)
	w.Bind(c.ctx)
	return w
}

// all runs actions until one fails.
func all(actions ...func() error) func() error {
	return func() error {
		for _, do := range actions {
			if err := do(); err != nil {
				return err
			}
		}
		return nil
	}
}

func (c *check) signIn() []step {
	refused := func(person, heading string) func() error {
		return func() error {
			w := c.browser()
			if err := w.SignIn(person); err != nil {
				return err
			}
			if w.H1() != heading {
				return fmt.Errorf("the page is %q, not %q", w.H1(), heading)
			}
			if err := w.Get(c.Config.BaseURL + "/espace"); err != nil {
				return err
			}
			return w.At("/connexion")
		}
	}
	return append([]step{
		{"a person nobody knows is told whom to ask", refused("demo-inconnue", "Vous n’êtes pas inscrit sur ce service")},
		{"a known address under another ProConnect identity waits for the référent's confirmation", refused("demo-jeanne-2", "Il faut confirmer que c’est vous")},
		{"an organisation that is not theirs is not let in", refused("demo-lea", "Vous avez choisi une autre structure")},
		{"a sign-in without second factor is not let in", refused("demo-hugo", "Il manque votre second facteur")},
	}, c.aidants()...)
}

// aidants signs in who acts in a story about mandates.
func (c *check) aidants() []step {
	in := func(w *walk.Walker, person, home string) func() error {
		return all(func() error { return w.SignIn(person) }, at(w, home))
	}
	return []step{
		{"an aidant signs in and lands in their organisation's space", all(in(c.jeanne, "demo-jeanne", "/espace"), says(c.jeanne, organisations[0].Name))},
		{"her colleague and an aidant of another organisation sign in", all(in(c.karim, "demo-karim", "/espace"), in(c.paul, "demo-paul", "/espace"))},
	}
}

const (
	tax     = "argent-impots-declaration"
	housing = "logement-aide-caf"
)

func (c *check) identity() []step {
	refusal := func(citizen, words string) func() error {
		return all(func() error { return c.jeanne.Identify(c.draft, citizen) },
			func() error { return c.jeanne.At("/brouillons/" + c.draft.String() + "/identite") }, func() error { return c.jeanne.Says(words) })
	}
	return []step{
		{"incomplete terms are said, and nothing entered is lost", all(func() error { return c.jeanne.Get(c.Config.BaseURL + "/mandats/nouveau") },
			func() error {
				return c.jeanne.Press("Continuer : identité de la personne", map[string][]string{"procedures": {tax}, "days": {"31"}})
			},
			func() error {
				if c.jeanne.Status() != 422 {
					return fmt.Errorf("status %d", c.jeanne.Status())
				}
				return nil
			})},
		{"a draft with two procedures for a month", func() (err error) { c.draft, err = c.jeanne.Terms("31", tax, housing); return }},
		{"the citizen goes back from FranceConnect: the draft is still there", all(func() error { return c.jeanne.ToFranceConnect(c.draft) },
			func() error { return c.jeanne.Press("cancel=1", nil) }, func() error { return c.jeanne.At("/brouillons/" + c.draft.String() + "/identite") })},
		{"a minor is refused", refusal("moins_18_ans", "n’a pas 18 ans")},
		{"a colleague sees whose draft it is, and another organisation does not find it", func() error {
			for w, want := range map[*walk.Walker]int{c.karim: 200, c.paul: 404} {
				if err := w.Get(c.Config.BaseURL + "/brouillons/" + c.draft.String()); err != nil || w.Status() != want {
					return fmt.Errorf("status %d, %w", w.Status(), err)
				}
			}
			return c.karim.Says("Reprendre ce brouillon")
		}},
		{"the citizen identifies themselves, and FranceConnect's session is ended at once", all(func() error { return c.jeanne.Identify(c.draft, "nom_composé") },
			func() error { return c.jeanne.At("/brouillons/" + c.draft.String() + "/recapitulatif") })},
	}
}

func (c *check) signature() []step {
	return []step{
		{"“this is not the right person” drops the identity", all(func() error { return c.jeanne.Press("Ce n’est pas la bonne personne", nil) },
			func() error { return c.jeanne.At("/brouillons/" + c.draft.String() + "/identite") })},
		{"the right person identifies themselves", all(func() error { return c.jeanne.Identify(c.draft, "test") }, func() error { return c.jeanne.Says("DUBOIS") }, func() error { return c.jeanne.Says("24 août 1962") })},
		{"without the agreement nothing is signed", all(func() error { return c.jeanne.Press(walk.ConfirmSignature, nil) }, func() error {
			if c.jeanne.Status() != 422 {
				return fmt.Errorf("status %d", c.jeanne.Status())
			}
			return nil
		})},
		{"the mandate is signed", func() (err error) { c.mandate, err = c.jeanne.Sign(); return }},
		{"a colleague finds it, another organisation does not", func() error {
			if err := c.karim.Get(c.mandatePage()); err != nil || c.karim.Status() != 200 {
				return fmt.Errorf("colleague: %d, %w", c.karim.Status(), err)
			}
			if err := c.paul.Get(c.mandatePage()); err != nil || c.paul.Status() != 404 {
				return fmt.Errorf("another organisation: %d, %w", c.paul.Status(), err)
			}
			return nil
		}},
	}
}

func (c *check) mandatePage() string { return c.Config.BaseURL + "/mandats/" + c.mandate.String() }
