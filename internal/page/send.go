package page

import (
	"net/http"
	"strconv"
)

// SendPDF sends a document to be kept under a name ("attestation.pdf").
func SendPDF(w http.ResponseWriter, name string, document []byte) {
	send(w, name, "application/pdf", document)
}

// SendJSON is SendPDF for a file of ours ("preuve-mandat.json").
func SendJSON(w http.ResponseWriter, name string, file []byte) {
	send(w, name, "application/json", file)
}

// SendText is SendPDF for a text ("recu-mandat.txt").
func SendText(w http.ResponseWriter, name, text string) {
	send(w, name, "text/plain; charset=utf-8", []byte(text))
}

// SendBytes is SendPDF for a file of no kind that a browser would show ("rang-7.tlog-proof").
func SendBytes(w http.ResponseWriter, name string, file []byte) {
	send(w, name, "application/octet-stream", file)
}

func send(w http.ResponseWriter, name, kind string, document []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Content-Length", strconv.Itoa(len(document)))
	_, _ = w.Write(document) // an error here is a browser that has gone
}

// SendZIP is SendPDF for several files in one ("mes-donnees.zip").
func SendZIP(w http.ResponseWriter, name string, file []byte) {
	send(w, name, "application/zip", file)
}
