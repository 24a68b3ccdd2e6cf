package e2e

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// checks has anybody who holds the paper ask the public page for what it says: with a word that is not on it, with the one that is, and with the file.
func (p *person) checks(status, word string, file []byte) {
	p.t.Helper()
	p.about("anybody who has the paper checks it")
	p.open(status)
	p.says("public.status.standing")
	p.write("#field-word", "lune lune lune lune")
	p.press("main form .fr-btn")
	p.says("public.status.wrong")
	p.write("#field-word", strings.ToUpper(strings.ReplaceAll(word, "-", " ")))
	p.press("main form .fr-btn")
	p.says("public.status.powers")
	if strings.Contains(p.read("main"), word) {
		p.fatalf("the page repeats the word")
	}
	p.open(status)
	if !p.scripts {
		if p.has("#paper") {
			p.fatalf("a file can be chosen where nothing can come of it")
		}
		return
	}
	p.about("the file is compared and not sent")
	p.drops(file, true)
	p.says("public.status.powers")
	p.open(status)
	p.drops(append([]byte(nil), file[:len(file)-1]...), false)
	p.says("public.status.wrong")
}

// drops gives the page a file: chosen, or dropped on it. What the page would send is its hash only.
func (p *person) drops(file []byte, chosen bool) {
	p.t.Helper()
	event := "new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true})"
	if chosen {
		event = "(input.files = files.files, new Event('change', {bubbles: true}))"
	}
	p.leads(func() {
		sent := ask[string](p, `(() => {
			const input = document.querySelector('#paper'), files = new DataTransfer();
			files.items.add(new File([Uint8Array.from(atob(%s), c => c.charCodeAt(0))], 'attestation.pdf', {type: 'application/pdf'}));
			const event = %s, sent = [...new FormData(input.form).keys()].join();
			input.dispatchEvent(event);
			return sent;
		})()`, strconv.Quote(base64.StdEncoding.EncodeToString(file)), event)
		if sent != "sha256" {
			p.fatalf("the page would send %s", sent)
		}
	})
}
