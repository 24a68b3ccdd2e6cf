package e2e

import (
	"fmt"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// watch is what one window's browser tells while it works: where it is, and what it complains about.
type watch struct {
	site       string // origin of Mandat
	mu         sync.Mutex
	documents  int // documents that the window began to show
	loaded     int // the number of the last one that was there with everything it needs
	url        string
	loader     cdp.LoaderID // of the document
	statuses   map[cdp.LoaderID]int64
	complaints []string
}

// note takes one event. It runs on the goroutine that reads from the browser, so it must not wait.
func (w *watch) note(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameNavigated:
		if e.Frame.ParentID == "" {
			w.documents++
			w.url, w.loader = e.Frame.URL, e.Frame.LoaderID
			if e.Type == page.NavigationTypeBackForwardCacheRestore {
				w.loaded = w.documents // it was complete when it was left, and tells nothing more
			}
		}
	case *page.EventLoadEventFired:
		w.loaded = w.documents
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument {
			w.statuses[e.LoaderID] = e.Response.Status
		} else if e.Response.Status >= 400 && strings.HasPrefix(e.Response.URL, w.site) {
			w.complain("%s answers %d", e.Response.URL, e.Response.Status)
		}
	case *log.EventEntryAdded:
		// A refusal that is a page is looked at by the test; the browser reports its status as a failure to load.
		if e.Entry.Source != log.EntrySourceNetwork {
			w.complain("%s %s: %s (%s)", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		w.complain("a script writes to the console: %s", e.Type)
	case *runtime.EventExceptionThrown:
		w.complain("a script fails: %s", e.ExceptionDetails.Text)
	case *audits.EventIssueAdded:
		w.issue(e.Issue)
	}
}

// issue takes what the browser's own examination found, such as a policy that was broken or a cookie that was refused.
func (w *watch) issue(i *audits.InspectorIssue) {
	if d := i.Details.ContentSecurityPolicyIssueDetails; d != nil {
		w.complain("the policy %s stops %s", d.ViolatedDirective, d.BlockedURL)
		return
	}
	if d := i.Details.GenericIssueDetails; d != nil {
		if d.ErrorType == audits.GenericIssueErrorTypeNavigationEntryMarkedSkippable {
			return // a page was left because a script of the test gave it a file: no hand did
		}
		w.complain("%s %s", d.ErrorType, d.ViolatingNodeAttribute)
		return
	}
	w.complain("%s: %+v", i.Code, *i.Details)
}

func (w *watch) complain(format string, args ...any) {
	w.complaints = append(w.complaints, fmt.Sprintf("at %s: ", w.url)+fmt.Sprintf(format, args...))
}

// state returns the number of the current document and whether it is complete.
func (w *watch) state() (document int, complete bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.documents, w.loaded == w.documents
}

// where returns the address of the document and the status that it came with.
func (w *watch) where() (string, int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.url, w.statuses[w.loader]
}

func (w *watch) said() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.complaints...)
}

// forgive forgets the complaints, for a test that gave reason for them.
func (w *watch) forgive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.complaints = nil
}
