package browse_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"mandat/internal/browse"
)

// walk is a sequence of steps that both browsers do: an address typed, or an id clicked on the page.
func walk(s *site) []string {
	steps := []string{s.home + "/start"}
	from := func(page string, chains [][2]string) {
		for _, c := range chains {
			steps = append(steps, page, "#"+c[0], page, "#post-"+c[0])
		}
	}
	all := s.chains()
	from(s.home+"/start", all)
	from(s.other+"/page", all)
	from(s.home+"/no-referrer", [][2]string{all[0], all[2]})
	from(s.home+"/same-origin", [][2]string{all[0], all[2], all[8]})
	from(s.home+"/origin", [][2]string{all[0], all[2]})
	from(s.home+"/unsafe-url", [][2]string{all[2]})
	return steps
}

// TestLikeChromium does the same walk with Chromium and with us: every request must carry the same cookies, Origin, Referer
// and Fetch Metadata, and the same body.
func TestLikeChromium(t *testing.T) {
	t.Parallel()
	theirs, ours := newSite(t), newSite(t)
	ctx := chromium(t)
	for _, step := range walk(theirs) {
		if step[0] != '#' {
			open(ctx, t, step)
			continue
		}
		_, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(step)))
		must(t, err)
	}
	b := browse.New()
	for _, step := range walk(ours) {
		must(t, do(b, step))
	}
	if diff := cmp.Diff(theirs.requests(), ours.requests()); diff != "" {
		t.Errorf("Chromium (-) and browse (+) differ:\n%s", diff)
	}
}

// TestFormActionLikeChromium: the redirect of a posted form to an origin that the page's policy does not name is blocked,
// after the server has acted; to one that it names, it is not.
func TestFormActionLikeChromium(t *testing.T) {
	t.Parallel()
	theirs, ours := newSite(t), newSite(t)
	ctx := chromium(t)
	b := browse.New()
	for _, blocked := range []string{"#post-other", "#post-away", "#post-round"} {
		before := len(theirs.requests())
		open(ctx, t, theirs.home+"/locked")
		_, err := chromedp.Run(ctx, chromedp.Click(chromedp.CSS(blocked)))
		must(t, err)
		must(t, b.Get(ours.home+"/locked"))
		if err := b.Press(blocked, nil); err == nil {
			t.Errorf("%s: we are not stopped", blocked)
		}
		for end := time.Now().Add(30 * time.Second); len(theirs.requests()) < len(ours.requests()) && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(300 * time.Millisecond) // time to do what it should not
		if b.URL().Path != "/locked" {
			t.Errorf("%s: the person no longer sees the page but %s", blocked, b.URL())
		}
		if diff := cmp.Diff(theirs.requests()[before:], ours.requests()[before:]); diff != "" {
			t.Errorf("%s: Chromium (-) and browse (+) differ:\n%s", blocked, diff)
		}
	}
	for _, allowed := range []string{"#post-home", "#post-seeother", "#post-port", "#post-toport"} {
		open(ctx, t, theirs.home+"/locked")
		_, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(allowed)))
		must(t, err)
		must(t, do(b, ours.home+"/locked"))
		must(t, do(b, allowed))
	}
	if diff := cmp.Diff(theirs.requests(), ours.requests()); diff != "" {
		t.Errorf("Chromium (-) and browse (+) differ:\n%s", diff)
	}
}

// do takes one step of a walk.
func do(b *browse.Browser, step string) error {
	switch {
	case step[0] != '#':
		return b.Get(step)
	case b.HasButton(step):
		return b.Press(step, nil)
	}
	return b.Follow(step)
}

// chromium opens a headless Chromium of this test's own.
func chromium(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewContext(t.Context(), chromedp.WithAllocatorOptions(
		chromedp.NoSandbox, // the pages are our own
		chromedp.WSURLReadTimeout(2*time.Minute)))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func open(ctx context.Context, t *testing.T, address string) {
	t.Helper()
	_, err := chromedp.Run(ctx, chromedp.Navigate(address))
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
