package evidence

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Fits compares the file with the entry mandate.signed of its mandate, whose canonical JSON body is; the caller has checked that it stands in
// the journal (mandat journal verify --proof). Then the service has said since then what the file says, and has kept it as it was.
func (r Report) Fits(body []byte) error {
	var e struct {
		Action       string    `json:"action"`
		At           time.Time `json:"at"`
		Organisation uuid.UUID `json:"organisation"`
		Citizen      uuid.UUID `json:"citizen"`
		Mandate      uuid.UUID `json:"mandate"`
		By           struct {
			Person uuid.UUID `json:"person"`
		} `json:"by"`
		Detail struct {
			Draft    uuid.UUID `json:"draft"`
			Terms    string    `json:"terms_sha256"`
			Evidence string    `json:"evidence_sha256"`
			Witness  uuid.UUID `json:"witness"`
			Attested string    `json:"witnessed_sha256"` // entries of before it was kept have none, and their terms no witness
		} `json:"detail"`
	}
	if json.Unmarshal(body, &e) != nil {
		return errors.New("entry: cannot be read")
	}
	f := r.File
	switch {
	case e.Action != "mandate.signed":
		return errors.New("entry: it does not tell of a signature")
	case e.Mandate != f.Mandate:
		return errors.New("entry: it is of another mandate")
	case e.Detail.Evidence != r.SHA256:
		return errors.New("entry: its evidence_sha256 is not that of the file")
	case e.Detail.Terms != f.TermsSHA256:
		return errors.New("entry: its terms_sha256 is not that of the terms")
	case e.Detail.Attested != r.Attested, r.Witness != uuid.Nil && e.Detail.Witness != r.Witness:
		return errors.New("entry: its witness, or witnessed_sha256, is not that of the terms")
	case e.By.Person != f.Aidant || e.Organisation != f.Organisation || e.Citizen != f.Citizen || e.Detail.Draft != f.Draft:
		return errors.New("entry: aidant, organisation, citizen or draft differ")
	case !e.At.Equal(f.SignedAt):
		return errors.New("entry: signed_at is not its time")
	}
	return nil
}
