package evidence_test

import (
	"slices"
	"strings"
	"testing"

	"mandat/internal/evidence"
	"mandat/internal/token"
)

// A picture of a signature has to be the one that the signed agreement names, and there is none that it does not name.
func TestVerify_TheSignatureThatWasDrawn(t *testing.T) {
	t.Parallel()
	p := newPen(t)
	picture := evidence.Text{Lang: "zxx", Form: evidence.Drawn, Template: "drawn-1", MediaType: "image/svg+xml", Bytes: []byte("<svg/>")}
	with := func(named string, pictures ...evidence.Text) evidence.File {
		f := file(t, p)
		f.Texts = slices.Concat(texts, pictures)
		f.Terms = terms(t, func(x *frozen) {
			x.Agreement = map[string]string{"lang": "fr", "drawn_sha256": named}
			for _, text := range pictures {
				x.Shown = append(x.Shown, text.Shown())
			}
		})
		f.Assertion = p.sign(t, token.Bytes(evidence.NonceSize), f.Terms)
		return f
	}
	r, err := evidence.Verify(encode(t, with(picture.Shown().SHA256, picture)))
	if err != nil || !slices.ContainsFunc(r.Proven, func(c evidence.Claim) bool {
		return c.Name == "drawn" && strings.Contains(c.Value, picture.Shown().SHA256)
	}) {
		t.Errorf("%v, %v", r.Proven, err)
	}
	other := picture
	other.Bytes = []byte("<svg></svg>")
	for what, f := range map[string]evidence.File{
		"another picture": with(picture.Shown().SHA256, other),
		"two":             with(picture.Shown().SHA256, picture, picture),
		"none":            with(picture.Shown().SHA256),
		"not named":       with("", picture),
	} {
		if _, err := f.Encode(); err == nil || !strings.Contains(err.Error(), "not the signature that the agreement says was drawn") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
