package session

import (
	"net/url"
	"strings"
)

// Local reports whether path leads to a page of this site wherever it is put: an absolute path, clean of what browsers
// read as another host ("//host", "/\host"), of control characters and of fragments.
func Local(path string) bool {
	if len(path) > 4096 || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\#") {
		return false
	}
	if strings.ContainsFunc(path, func(r rune) bool { return r < 0x21 || r == 0x7f }) {
		return false
	}
	u, err := url.Parse(path)
	return err == nil && !u.IsAbs() && u.Host == "" && u.User == nil && strings.HasPrefix(u.Path, "/") && !strings.HasPrefix(u.Path, "//")
}
