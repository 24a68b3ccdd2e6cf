package details

import "encoding/json"

// Schema is the JSON Schema (2020-12) of an object of our type, as asked and as told. Asked, it has type and actions alone.
func Schema(issuer string) ([]byte, error) {
	text := func(describes string) map[string]any {
		return map[string]any{"type": "string", "description": describes}
	}
	return json.Marshal(map[string]any{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"$id":         Type(issuer),
		"title":       "Mandate",
		"description": "That an aidant may do a procedure for a citizen. In a request it has type and actions alone: the power has to be for one of these actions, or for any that the service serves. In what the service is told, it is the power in use.",
		"type":        "object",
		"required":    []string{memberType},
		"properties": map[string]any{
			memberType: map[string]any{"const": Type(issuer)},
			memberActions: map[string]any{
				"type": "array", "minItems": 1, "maxItems": maxActions, "uniqueItems": true,
				"items":       map[string]any{"type": "string", "minLength": 1, "maxLength": maxAction},
				"description": "Keys of procedures, as the public catalogue has them. Told, it is the one that the power is for.",
			},
			"identifier":    text("Names the mandate, towards this service and those of its sector alone."),
			"level":         map[string]any{"enum": []string{"see", "act", "sign", "pay"}, "description": "How far the power goes, each level holding those before it."},
			"case":          text("The one case that the power is for; absent for every case."),
			"valid_until":   map[string]any{"type": "string", "format": "date-time", "description": "When the power ends by itself (RFC 3339). It may be ended before."},
			"identified_by": map[string]any{"enum": []string{"franceconnect", "witnessed", "known"}, "description": "How the citizen was identified when the mandate was drawn up."},
			"receipt":       text("A JWS that shows the mandate to whoever has it, without asking us."),
		},
	})
}
