// Package browse is a browser without JavaScript, for tests and for the demonstration's own check. It does over HTTP what a
// person does with Chromium: types an address, follows links, fills in forms and presses their buttons.
//
// It keeps to what Chromium does where a server can tell the difference: which cookies go where (cookies.go), what
// Sec-Fetch-Site, Origin and Referer say (headers.go), which method a redirect changes to, what a form sends (form.go), and
// that a page's form-action policy also holds for the redirects after a post (policy.go). It does not run scripts, does not
// load images or styles, and does not refuse a form whose required fields are empty: tests want the server's answer.
//
// Every call returns an error that says where it was and what the page said, so that a program can print it.
package browse
