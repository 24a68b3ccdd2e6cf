// Package e2e drives the whole program in a real browser: Chromium, headless, against the demonstration with its stand-ins.
// It looks for what a client without an engine cannot see: a policy that stops a redirect after a form, a cookie that the
// browser keeps back, a page that scrolls sideways, a control that the keyboard does not reach.
//
// Everything here is in tests. world_test.go starts the program and the browser once; person_test.go is somebody at a window
// of their own, who presses and types as people do; watch_test.go notes what the browser complains about, and any complaint
// fails; look_test.go takes pictures of a page and holds it against the rules for every page. The other files tell stories.
//
// With MANDAT_SCREENSHOTS set (make screenshots) every step leaves pictures in screenshots/ of the checkout, by story, to be looked
// at; a step that failed always leaves one.
package e2e
