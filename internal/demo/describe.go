package demo

import (
	"fmt"
	"io"
)

// Describe prints where to click and as whom. program is how to call this program again.
func (d *Demo) Describe(w io.Writer, program, log string) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	line("")
	line("Mandat is running. Open")
	line("")
	line("  %-44s the site: sign in, draw up a mandate", d.Config.BaseURL)
	line("  %-44s a public service: use the mandate there", d.Twin.Service)
	line("  %-44s another, which talks to Mandat directly", d.Twin.Home(DirectService))
	line("  %-44s the mails and SMS that Mandat sends", d.Mailbox.Page())
	line("")
	line("Sign in (ProConnect's stand-in lists them) as")
	line("")
	for _, p := range Professionals() {
		line("  %-16s %s", p.GivenName+" "+p.UsualName, p.Says)
	}
	line("")
	line("or with a link by mail or a passkey, once they have added a second factor of their own in “Mon compte”. Mails arrive on")
	line("the page above. From invitation to signature, step by step: %s demo --check people", program)
	line("How mandates are agreed to, used, renewed and ended, step by step: %s demo --check mandates", program)
	line("What FranceConnect and a direct service are told, step by step: %s demo --check provider", program)
	line("Who watches and checks the journal, and what auditors do in it, step by step: %s demo --check journal", program)
	line("")
	line("As the citizen, choose at FranceConnect's stand-in for example")
	line("")
	for _, c := range [][2]string{{"test", "Angela DUBOIS, the usual one"}, {"avec_nom_dusage", "has a usage name"}, {"moins_18_ans", "a minor: refused"},
		{"étranger_présumé_né_jour", "day of birth presumed"}, {"sans_mail", "no e-mail: refused by FranceConnect"}} {
		line("  %-26s %s", c[0], c[1])
	}
	line("")
	line("Check the journal from another terminal:")
	line("")
	line("  %s journal verify --policy %s --site %s", program, d.Policy, d.Config.BaseURL)
	line("")
	line("Two witnesses cosign what the site publishes, and an authority dates it every hour (--authority %s):", d.path(authorityFile))
	line("")
	for _, w := range d.witnesses {
		line("  %s", w)
	}
	line("")
	line("The other commands, which need the database, as docs/journal.md and docs/operations.md tell them:")
	line("")
	line("  . %s; %s journal export --policy %s my-export", d.path(settingsFile), program, d.Policy)
	line("")
	line("Metrics: http://%s/metrics   Log: %s", d.Config.MetricsListen, log)
	line("Data is kept in %s (make reset removes it). Ctrl-C stops everything.", d.Dir)
}
