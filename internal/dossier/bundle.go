package dossier

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// The names of the parts of a bundle, beside its documents.
const (
	pageName = "a-lire.html"
	dataName = "donnees.json"
)

// bundle puts the parts into one .zip: the page to be read, the same for machines, and the documents. The same content makes the same bytes.
func bundle(lang string, c content, contact Contact, keeping []Keeping) ([]byte, error) {
	html, err := page(lang, c.file, contact, keeping)
	if err != nil {
		return nil, err
	}
	data, err := json.MarshalIndent(c.file, "", " ")
	if err != nil {
		return nil, errors.New("file: cannot be encoded") // the encoder's error could quote it
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, part := range append([]attached{{pageName, html}, {dataName, append(data, '\n')}}, c.attached...) {
		h := &zip.FileHeader{Name: part.name, Method: zip.Deflate, Modified: c.file.MadeAt}
		if strings.HasSuffix(part.name, ".pdf") { // packed already
			h.Method = zip.Store
		}
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(part.bytes)
		}
		if err != nil {
			return nil, fmt.Errorf("bundle a file: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("bundle a file: %w", err)
	}
	return out.Bytes(), nil
}
