package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"mandat/internal/journal/format"
	"mandat/internal/keyring"
)

// testified is what others say about the journal.
func (j *journals) testified() []step {
	return []step{
		{"two witnesses have cosigned what is published", j.cosigned},
		{"each shows on its own page how much of the journal it has seen", j.held},
		{"somebody who has the journal's key signs another journal of the same length: neither witness cosigns it, and both keep it as evidence", j.contradicted},
		{"a timestamp arrives from the authority", all(func() error { return j.App.Do(j.ctx, "stamp-journal") }, j.stamped)},
	}
}

// published is the checkpoint that the site shows.
func (j *journals) published() (format.Checkpoint, []byte, error) {
	w := j.browser()
	if err := w.Get(j.Config.BaseURL + "/journal/checkpoint"); err != nil {
		return format.Checkpoint{}, nil, err
	}
	text, _, _ := strings.Cut(string(w.Body()), "\n\n")
	c, err := format.ParseCheckpoint(text + "\n")
	return c, w.Body(), err
}

func (j *journals) cosigned() error {
	if err := all(j.settle, j.watched)(); err != nil {
		return err
	}
	c, signed, err := j.published()
	if err != nil {
		return err
	}
	_, signatures, _ := strings.Cut(string(signed), "\n\n")
	j.note = fmt.Sprintf(": %d entries, root %x…", c.Size, c.Root[:4])
	for line := range strings.Lines(signatures) {
		j.note += "\n          " + strings.TrimPrefix(strings.Fields(line)[1], "\u2014 ")
	}
	return nil
}

// held reads the page of each witness, which is plain text: its key, and the checkpoint that it cosigned last.
func (j *journals) held() error {
	c, _, err := j.published()
	if err != nil {
		return err
	}
	for _, address := range j.witnesses {
		w := j.browser()
		if err := w.Get(address); err != nil {
			return err
		}
		_, after, _ := strings.Cut(string(w.Body()), "\n\n")
		text, _, _ := strings.Cut(after, "\n\n")
		seen, err := format.ParseCheckpoint(text + "\n")
		if err != nil || seen.Origin != c.Origin || seen.Size < c.Size {
			return fmt.Errorf("%s shows %q: %w", address, w.Body(), err)
		}
		j.note += fmt.Sprintf("\n          %s: %d entries", address, seen.Size)
	}
	return nil
}

// contradicted shows the witnesses a tree of the size that they hold, which is not theirs, under the journal's own signature.
func (j *journals) contradicted() error {
	kek, err := os.ReadFile(j.path("key-encryption.json"))
	if err != nil {
		return err
	}
	thief, err := keyring.LoadJournal(j.path("keys"), string(kek))
	if err != nil {
		return err
	}
	for _, address := range j.witnesses {
		err := j.soon(func() error { // the witness may just have seen more: then it asks for another size
			c, signed, err := j.published()
			if err != nil {
				return err
			}
			if status, err := j.show(address, c.Size, signed); err != nil || status != http.StatusOK {
				return fmt.Errorf("%s answers our own checkpoint with %d, %w", address, status, err)
			}
			forged, err := thief.Sign(c.Size, format.Hash{1})
			if err != nil {
				return err
			}
			if status, err := j.show(address, c.Size, forged); err != nil || status != http.StatusConflict {
				return fmt.Errorf("%s answers a contradiction with %d, %w", address, status, err)
			}
			return nil
		})()
		if err != nil {
			return err
		}
	}
	evidence, err := filepath.Glob(j.path("witness-*/evidence/contradiction-*"))
	if err == nil && len(evidence) < len(j.witnesses) {
		err = fmt.Errorf("%d files of evidence", len(evidence))
	}
	j.note = fmt.Sprintf(": 409 from each, %d files of evidence", len(evidence))
	return err
}

// show shows a witness a checkpoint of as many entries as it is said to hold (C2SP tlog-witness), and returns the status.
func (j *journals) show(address string, size int64, signed []byte) (int, error) {
	body := fmt.Sprintf("old %d\n\n%s", size, signed)
	r, err := http.NewRequestWithContext(j.ctx, http.MethodPost, address+"add-checkpoint", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, a.Body)
	return a.StatusCode, errors.Join(err, a.Body.Close())
}

var stampedAt = regexp.MustCompile(`(?m)^mandat_journal_stamped_timestamp_seconds (\S+)$`)

// stamped reads in the metrics when the journal was stamped last.
func (j *journals) stamped() error {
	w := j.browser()
	if err := w.Get("http://" + j.Config.MetricsListen + "/metrics"); err != nil {
		return err
	}
	m := stampedAt.FindSubmatch(w.Body())
	if m == nil || bytes.Equal(m[1], []byte("0")) {
		return errors.New("the metrics know of no timestamp")
	}
	return nil
}

// exported is what is taken away, and what anybody sees in it.
func (j *journals) exported() []step {
	site := "--site=" + j.Config.BaseURL
	return []step{
		{"an auditor takes the journal away, on her page", func() error {
			path := filepath.Join(j.dir, "journal.tar")
			err := j.takeExport(path)
			j.note = fmt.Sprintf(": journal.tar, %d bytes", len(j.sofia.Body()))
			return err
		}},
		{"anybody finds it whole, with a policy file alone, and its timestamps the authority's", func() error {
			return j.verifies("--authority", "authority.pem", "journal.tar").works("whole: "+journalOrigin, "timestamps are of kept checkpoints")
		}},
		{"the command writes it too, to be read by other programs; the site shows the same journal", all(func() error {
			return j.command(j.auditing(), "journal", "export", "--policy", "policy", "--format", "jsonl", "lines").works("to lines")
		}, func() error { return j.verifies(site, "lines").works("whole: ", "the site shows") })},
		{"a part of it, of one mandate, is verified alone", all(func() error {
			return j.command(j.auditing(), "journal", "export", "--policy", "policy", "--mandate", j.mandate.String(), "part").works("to part")
		}, func() error { return j.verifies("part").works("whole, as far as it goes") })},
		{"two entries are proven, without the others", all(j.proves(&j.signed), j.proves(&j.beside))},
		{"what the auditors read and took is in the journal too", all(j.settle, j.soon(all(j.open(j.sofia, "/audit/journal?acte=journal"), tells(j.sofia, "a emporté le journal", "a ouvert l’écriture", "a cherché dans le journal"))))},
	}
}

// proves takes the proof of an entry, and the entry, from its page, and verifies them.
func (j *journals) proves(index *int64) func() error {
	return func() error {
		name := fmt.Sprintf("rang-%d", *index)
		for file, page := range map[string]string{name + ".tlog-proof": "/preuve", name + ".entry": "/ecriture"} {
			if err := all(j.open(j.sofia, entryPath(*index)+page), status(j.sofia, http.StatusOK))(); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(j.dir, file), j.sofia.Body(), 0o600); err != nil {
				return err
			}
		}
		return j.verifies("--proof", name+".tlog-proof").works(fmt.Sprintf("proven: entry %d of ", *index))
	}
}
