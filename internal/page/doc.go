// Package page is how every page and endpoint is served: routes that declare their audience, one place where errors
// become pages, templates that are rendered whole before the first byte leaves, forms, two languages.
//
// The way of a request, one file per step:
//
//	serve.go     a request id, a place among those served at once, limits, language, security headers
//	body.go      the whole body, which has little time to arrive and takes no place meanwhile
//	organisation.go  the organisation that an address names is taken out of it ("/structures/<id>/espace" is "/espace"), and
//	             put before the redirects and links that stay with it
//	router.go    the route and its audience; the audience's guard lets in, sends to sign-in, or refuses (a LateHandler runs it
//	             itself)
//	back.go      where a form that was sent too late comes back to, and what of it may wait until its person has signed in again
//	(handler)    func(w, r) error: reads forms with ParseForm, asks the rules, renders with Pages.Render
//	sheet.go     a page's templates, parsed when somebody first asks for it
//	render.go    a page struct that embeds Common, its template executed into a buffer, then status, headers and bytes
//	errors.go    a returned error becomes a page that says what happened, what is safe and what to do next
//	serve.go     one access-log line: method, route pattern, status, duration, request id, and nothing else
//
// The package knows no session and no rules. Who is signed in is told to it by the guards (WithWho), and shown in the header.
package page
