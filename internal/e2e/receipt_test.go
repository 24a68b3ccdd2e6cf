package e2e

import "strings"

// takeReceipt takes the receipt of the mandate that is shown, and lets anybody see that it stands.
func (s *storyteller) takeReceipt() string {
	s.about("hand over a receipt, which anybody checks")
	text := string(s.download(`form[action$="/recu"] button`))
	if strings.Count(text, ".") != 2 {
		s.fatalf("no receipt: %q", text)
	}
	s.checkReceipt(text, "recu.verdict.stands", "receipt")
	return text
}

// checkReceipt lets anybody check a receipt on the page for that.
func (s *storyteller) checkReceipt(text, verdict, name string) {
	anybody := arrive(s.t, s.habits)
	anybody.about(s.step)
	anybody.open("/recu")
	anybody.page("recu.title")
	anybody.write("#field-receipt", text)
	anybody.press("main form button")
	anybody.page("recu.title")
	anybody.says(verdict)
	if s.looks {
		anybody.shown = s.shown
		anybody.look(name)
		s.shown = anybody.shown
	}
}
