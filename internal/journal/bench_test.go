package journal

import (
	"path/filepath"
	"testing"
	"time"
)

func BenchmarkExportAndVerify(b *testing.B) {
	h := newHouse(b)
	const n = 400_000
	h.bulk(b, n)
	start := time.Now()
	h.in.CatchUp(b.Context())
	b.Logf("integrated %.0f entries/s", n/time.Since(start).Seconds())
	auditor := h.OpenAuditor(b)
	dir := ""
	b.Run("export", func(b *testing.B) {
		for b.Loop() {
			dir = filepath.Join(b.TempDir(), "export")
			if _, err := Export(b.Context(), auditor, h.in.signer.VerifierKey(), Folder(dir)); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
	})
}
