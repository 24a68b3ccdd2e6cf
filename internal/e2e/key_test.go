package e2e

import (
	"context"
	"encoding/base32"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
)

// key is an authenticator in somebody's hand: a telephone, or a security key.
type key struct {
	p  *person
	id webauthn.AuthenticatorID
}

// plug gives a person an authenticator, which says yes to whatever it is asked and asks for no fingerprint.
func (p *person) plug() key {
	p.t.Helper()
	p.do(call(webauthn.Enable, webauthn.EnableParams{}), call(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}))
	made, err := chromedp.Call(p.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true,
		IsUserVerified: true, AutomaticPresenceSimulation: true}})
	if err != nil {
		p.fatalf("%v", err)
	}
	return key{p, made.AuthenticatorID}
}

// unplug takes it away, with what it holds.
func (k key) unplug() {
	k.p.t.Helper()
	k.p.do(call(webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: k.id}))
}

// touch uses a passkey where the page asks for one, and follows to where that leads.
func (p *person) touch() {
	p.t.Helper()
	p.press("[data-passkey-go]")
}

// addPasskey adds one on a page that offers it, under a name.
func (p *person) addPasskey(name string) {
	p.t.Helper()
	p.write("#passkey-name", name)
	p.touch()
	p.on("/compte/facteurs")
	p.says("account.done.passkey")
	p.saysWords(name)
}

// mail waits for a message to somebody that leads to an address which holds some words, and returns the address.
func (p *person) mail(to, words string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	got, err := p.Mailbox.WaitAfter(ctx, p.letters, to, words)
	if err != nil {
		p.fatalf("%v", err)
	}
	p.letters = got.Number
	for word := range strings.FieldsSeq(got.Text) {
		if strings.Contains(word, words) {
			return word
		}
	}
	p.fatalf("the message leads nowhere:\n%s", got.Text)
	return ""
}

// code is what an application shows that was given a key, as the page shows it.
func (p *person) code(shown string) string {
	p.t.Helper()
	secret := strings.Join(strings.Fields(shown), "")
	if _, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret); err != nil {
		p.fatalf("the key %q: %v", shown, err)
	}
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		p.fatalf("%v", err)
	}
	return code
}

// cookies are those of the site that the window has.
func (p *person) cookies() []*network.Cookie {
	p.t.Helper()
	got, err := chromedp.Call(p.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{p.Config.BaseURL}})
	if err != nil {
		p.fatalf("%v", err)
	}
	return got.Cookies
}

// steal puts cookies of somebody else into this window.
func (p *person) steal(cookies []*network.Cookie) {
	p.t.Helper()
	var params []*network.CookieParam
	for _, c := range cookies {
		params = append(params, &network.CookieParam{Name: c.Name, Value: c.Value, URL: p.Config.BaseURL, HTTPOnly: c.HTTPOnly, SameSite: c.SameSite})
	}
	p.do(call(network.SetCookies, network.SetCookiesParams{Cookies: params}))
}

// beside opens another tab of the same window: with the same cookies.
func (p *person) beside(t *testing.T) *person {
	t.Helper()
	return enter(t, habits{lang: p.lang, album: p.album, noScripts: !p.scripts}, chromedp.WithExistingBrowserContext(chromedp.FromContext(p.ctx).BrowserContextID))
}

// choice chooses a line of a list.
func (p *person) choice(selector, value string) {
	p.t.Helper()
	if !ask[bool](p, `(e => { e.value = %[2]s; return e.value === %[2]s; })(document.querySelector(%[1]s))`, strconv.Quote(selector), strconv.Quote(value)) {
		p.fatalf("%s offers no %s", selector, value)
	}
}
