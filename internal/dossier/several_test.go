package dossier_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/dossier"
	"mandat/internal/fixture"
)

// alike gives another citizen of the organisation all that Angela has in these tables, and holds to everybody there, to both of them, and to everybody elsewhere.
func (c *counter) alike() {
	c.t.Helper()
	to := `jsonb_build_object('citizen_id', $2::uuid) || case when to_jsonb(x) ? 'id' then jsonb_build_object('id', gen_random_uuid()) else '{}' end || case when to_jsonb(x) ? 'sub' then jsonb_build_object('sub', repeat('t', 43)) else '{}' end
		|| case when to_jsonb(x) ? 'token_hash' then jsonb_build_object('token_hash', sha256('t')) else '{}' end`
	for _, table := range []string{"idp_subject", "decision_answer", "erasure_request", "unsealing", "citizen_mails_link"} {
		c.Behind(c.t, `insert into `+table+` select (jsonb_populate_record(x, `+to+`)).* from `+table+` x where citizen_id = $1`, c.mandate.Citizen, c.other.Citizen)
	}
	c.Behind(c.t, `insert into backchannel_session select (jsonb_populate_record(x, jsonb_build_object('login_id', gen_random_uuid(), 'mandate_id', $2::uuid))).* from backchannel_session x where mandate_id = $1`, c.mandate.ID, c.other.ID)
	for client, citizen := range map[string]uuid.UUID{"client-of-angela": c.mandate.Citizen, "client-of-another": c.other.Citizen} {
		c.Behind(c.t, `insert into idp_login (id, organisation_id, person_id, session_id, client, sector, redirect_uri, nonce, scope, claims, created_at, expires_at, state, refusal, citizen_id, factor_since)
			values (gen_random_uuid(), $1, $2, 's', $3, 'x', 'https://exemple.invalid/retour', 'n', 'openid', '{}', now(), now() + interval '10 minutes', 'refused', 'no_power', $4, now())`, c.Here, c.Paul.Person, client, citizen)
	}
	for _, of := range []struct {
		organisation uuid.UUID
		citizen      *uuid.UUID
	}{{c.Here, nil}, {c.Here, &c.mandate.Citizen}, {c.Here, &c.other.Citizen}, {c.Elsewhere, nil}} {
		c.Behind(c.t, `insert into erasure_hold (id, organisation_id, citizen_id, reason, held_at, held_by, until) values (gen_random_uuid(), $1, $2, 'inspection', now(), $3, now() + interval '1 day')`, of.organisation, of.citizen, c.Paul.Person)
	}
	c.Behind(c.t, `insert into journal_leaf (index, entry_id, commitment) select 1000 + id, id, sha256('') from journal_entry`)
}

// A file has nothing of another citizen whom the same organisation helps, of whom it keeps as much.
func TestHandOver_HasNothingOfOthers(t *testing.T) {
	t.Parallel()
	c := open(t).tell()
	c.alike()
	var want []int64
	if err := c.Connect(t, c.Superuser).QueryRow(t.Context(), `select array_agg(1000 + id order by id desc) from journal_entry where citizen_id = $1 or mandate_id = $2`, c.mandate.Citizen, c.mandate.ID).Scan(&want); err != nil {
		t.Fatal(err)
	}
	f := c.handOver(c.Jeanne, c.mandate.ID, "fr").data
	var got []int64
	for _, e := range f.Entries {
		got = append(got, e.Index)
	}
	if !slices.Equal(got, want) {
		t.Errorf("entries %v, want %v", got, want)
	}
	everybody := 0
	for _, h := range f.Holds {
		if h.Everybody {
			everybody++
		}
	}
	if len(f.Services) != 1 || len(f.Answers) != 1 || len(f.Sessions) != 1 || len(f.Erasures) != 1 || len(f.Unsealings) != 1 || len(f.Citizen.MailLinks) != 1 || len(f.Logins) != 1 || f.Logins[0].Client != "client-of-angela" || len(f.Holds) != 2 || everybody != 1 {
		t.Errorf("more, or less, than theirs: %+v", f)
	}
	if there := c.Sign(t, c.Ines, fixture.Citizen(8), fixture.Tax); !strings.Contains(c.handOver(c.Ines, there.ID, "fr").page, "Un autre organisme") {
		t.Error("another organisation's file names this one")
	}
}

// Of two who asked to be erased each request hands over its own citizen's file.
func TestHandOverAsked_OneOfSeveral(t *testing.T) {
	t.Parallel()
	c := open(t)
	var asked, whose []uuid.UUID
	for n := range 2 {
		m := c.Sign(t, c.Jeanne, fixture.Citizen(n), fixture.Tax)
		_, q := c.asks(c.Jeanne, m)
		asked, whose = append(asked, q.ID), append(whose, m.Citizen)
	}
	c.Behind(t, `insert into erasure_hold (id, organisation_id, reason, held_at, held_by, until) values (gen_random_uuid(), $1, 'inspection', now(), $2, now() + interval '1 day')`, c.Elsewhere, c.Paul.Person)
	for n, q := range asked {
		data, err := c.dossiers.HandOverAsked(t.Context(), c.Paul, q, "fr", dossier.SeenDocument)
		h := c.opened(data, err)
		if len(h.data.Holds) != 0 {
			t.Errorf("holds elsewhere: %+v", h.data.Holds)
		}
		text := string(h.parts["donnees.json"])
		if !strings.Contains(text, whose[n].String()) || strings.Contains(text, whose[1-n].String()) || !strings.Contains(text, fixture.Citizen(n).FamilyName) {
			t.Errorf("request %d hands over %s", n, text)
		}
	}
}

// A mandate that renews another, or took the place of one of another organisation, says so, and no other does.
func TestHandOver_NamesWhatAMandateFollows(t *testing.T) {
	t.Parallel()
	c := open(t)
	first, elsewhere := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax), c.Sign(t, c.Ines, fixture.Angela(), fixture.Tax)
	second, third := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Housing), c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Housing)
	c.Behind(t, `update mandate set renews = $2 where id = $1`, second.ID, first.ID)
	c.Behind(t, `update mandate set transfers = $2 where id = $1`, third.ID, elsewhere.ID)
	of := map[string][2]string{}
	for _, m := range c.handOver(c.Jeanne, third.ID, "fr").data.Mandates {
		of[m.ID] = [2]string{m.Renews, m.Transfers}
	}
	if want := map[string][2]string{first.ID.String(): {}, second.ID.String(): {first.ID.String(), ""}, third.ID.String(): {"", elsewhere.ID.String()}}; !maps.Equal(of, want) {
		t.Errorf("%v, want %v", of, want)
	}
}

// Who is erased, or takes their request back, while their file is made has none from it, whoever else is there.
func TestHandOver_OfWhoIsGoneMeanwhile(t *testing.T) {
	t.Parallel()
	c := open(t)
	m, other, third := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax), c.Sign(t, c.Jeanne, fixture.Citizen(7), fixture.Tax), c.Sign(t, c.Jeanne, fixture.Citizen(8), fixture.Tax)
	_, q := c.asks(c.Jeanne, other)
	c.asks(c.Jeanne, third)
	meanwhile := func(sql string, id uuid.UUID) *dossier.Register {
		parts := c.dossiers.Parts
		parts.Keeping = func(context.Context, string) ([]dossier.Keeping, error) {
			c.Behind(t, sql, id)
			return nil, nil
		}
		return dossier.New(parts)
	}
	if data, err := meanwhile(`update erasure_request set state = 'taken_back', taken_back_at = asked_at, taken_back_by = asked_by where id = $1`, q.ID).HandOverAsked(t.Context(), c.Paul, q.ID, "fr", dossier.SeenKnown); !errors.Is(err, db.ErrNotFound) || data != nil {
		t.Errorf("taken back: %d bytes, %v", len(data), err)
	}
	if data, err := meanwhile(`delete from citizen where id = $1`, m.Citizen).HandOver(t.Context(), c.Paul, m.ID, "fr", dossier.SeenKnown); !errors.Is(err, db.ErrNotFound) || data != nil {
		t.Errorf("erased: %d bytes, %v", len(data), err)
	}
	if n := c.entries(); n != 0 {
		t.Errorf("%d entries", n)
	}
}
