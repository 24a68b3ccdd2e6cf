package evidence

import (
	"encoding/json"
	"errors"
)

// Drawn is the form of a text that is no text: the picture of the signature that the citizen drew by hand, in its place among the texts.
const Drawn = "drawn"

// drawn holds the picture of a signature to what the agreement says of it: there is one if it names one, and it is that one. It is a simple electronic signature: what is
// shown is that this picture belongs to these terms, not whose hand drew it.
func (c *checking) drawn() error {
	var agreement struct {
		Drawn string `json:"drawn_sha256"`
	}
	if said, ok := c.members["agreement"]; ok && json.Unmarshal(said, &agreement) != nil {
		return errors.New("terms: the agreement cannot be read")
	}
	var pictures []string
	for _, text := range c.file.Texts {
		if text.Form == Drawn {
			pictures = append(pictures, sum(text.Bytes))
		}
	}
	switch {
	case len(pictures) == 0 && agreement.Drawn == "":
		return nil
	case len(pictures) == 1 && agreement.Drawn == pictures[0]:
		return nil
	}
	return errors.New("texts: not the signature that the agreement says was drawn")
}
