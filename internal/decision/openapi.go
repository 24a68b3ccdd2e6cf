package decision

import (
	_ "embed"
	"net/http"
)

// OpenAPI describes what programs ask of us beside OpenID Connect, whose documents are its own (OpenAPI 3.1). A test holds it to the routes
// and to the answers.
//
//go:embed openapi.json
var OpenAPI []byte

// showOpenAPI serves the description: GET /api/openapi.json.
func showOpenAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write(OpenAPI) // an error here is a client that has gone
	return nil
}
