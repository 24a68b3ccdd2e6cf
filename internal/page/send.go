package page

import (
	"net/http"
	"strconv"
)

// SendPDF sends a document to be kept under a name ("attestation.pdf").
func SendPDF(w http.ResponseWriter, name string, document []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Content-Length", strconv.Itoa(len(document)))
	_, _ = w.Write(document) // an error here is a browser that has gone
}
