package page

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// ParseUpload reads the body of a POST with a file (multipart/form-data): the other fields as a Form, and the content of the
// file field of this name, nil when none was chosen. The name of the file is not looked at. The route needs Large.
func ParseUpload(r *http.Request, file string) (*Form, []byte, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, nil, errBadForm
	}
	form, content := &Form{values: url.Values{}}, []byte(nil)
	for parts := multipart.NewReader(r.Body, params["boundary"]); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return form, content, nil
		}
		if err != nil {
			return nil, nil, errBadForm // the parser's error may quote what was sent
		}
		b, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, errBadForm
		}
		name := part.FormName()
		if name == file {
			if len(b) > 0 {
				content = b
			}
			continue
		}
		if v := string(b); utf8.ValidString(v) && !strings.ContainsRune(v, 0) {
			form.values.Add(name, v)
			continue
		}
		return nil, nil, errBadForm
	}
}
