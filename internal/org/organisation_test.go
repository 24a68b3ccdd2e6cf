package org_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

func TestKinds_Are29(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for _, k := range org.Kinds() {
		keys[k.Key] = true
		if !org.ValidKind(k.Key) || k.French == "" || k.English == "" {
			t.Errorf("%+v", k)
		}
	}
	if len(keys) != 29 || org.ValidKind("") {
		t.Errorf("%d kinds", len(keys))
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	good := org.Organisation{SIRET: "21750001600019", Name: "N", Address: "A", Postcode: "20137", City: "Porto-Vecchio", Phone: "1", Email: "a@exemple.invalid", Kind: "ccas", INSEECode: "2A247", DepartmentCode: "2A"}
	if f := good.Faults(); f != nil {
		t.Errorf("good: %v", f)
	}
	for field, spoil := range map[string]func(*org.Organisation){
		"siret": func(o *org.Organisation) { o.SIRET = "21750001600018" }, "name": func(o *org.Organisation) { o.Name = "" },
		"address": func(o *org.Organisation) { o.Address = "" }, "address_extra": func(o *org.Organisation) { o.AddressExtra = strings.Repeat("x", 201) },
		"postcode": func(o *org.Organisation) { o.Postcode = "2A004" }, "city": func(o *org.Organisation) { o.City = "" }, "phone": func(o *org.Organisation) { o.Phone = "" },
		"email": func(o *org.Organisation) { o.Email = "x" }, "kind": func(o *org.Organisation) { o.Kind = "cafe" }, "kind_other": func(o *org.Organisation) { o.KindOther = "x" },
		"insee_code": func(o *org.Organisation) { o.INSEECode = "2C247" }, "department_code": func(o *org.Organisation) { o.DepartmentCode = "2C" },
		"france_services": func(o *org.Organisation) { o.FranceServices = strings.Repeat("x", 41) }, "habilitation_number": func(o *org.Organisation) { o.HabilitationNumber = strings.Repeat("x", 41) },
	} {
		o := good
		spoil(&o)
		if diff := cmp.Diff([]string{field}, o.Faults()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", field, diff)
		}
	}
}

// A name from before there was a form for it stays until somebody writes another: nothing else of the organisation waits for that.
func TestOrganisation_KeepsTheNameItHas(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	w.Behind(t, `update organisation set name = 'Relais 59 : 59000 Lille' where id = $1`, w.Here)
	o, err := w.Directory.Organisation(t.Context(), w.Here)
	if err != nil {
		t.Fatal(err)
	}
	odile := w.Referent(t, w.Here, "odile")
	o.Phone = "+33 3 99 00 00 00"
	if err := w.Directory.ChangeOrganisation(t.Context(), odile, o); err != nil {
		t.Error(err)
	}
	o.Name = "Relais 59 : 59800 Lille"
	if err := w.Directory.ChangeOrganisation(t.Context(), odile, o); !errors.Is(err, org.ErrParticulars) {
		t.Errorf("%v, want ErrParticulars", err)
	}
}

// The code of a commune, in the rules and in the table alike.
func TestFaults_CodeOfACommune(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	conn := w.Connect(t, w.Superuser)
	for code, good := range map[string]bool{"75056": true, "01004": true, "97411": true, "2A004": true, "2B033": true,
		"1A247": false, "0B001": false, "9A999": false, "2C004": false, "7505": false, "2a004": false, "750561": false, "A2004": false} {
		if got := !slices.Contains((&org.Organisation{INSEECode: code}).Faults(), "insee_code"); got != good {
			t.Errorf("%s: %v", code, got)
		}
	}
	for code, want := range map[string]string{"75056": "75", "01004": "01", "2A004": "2A", "97411": "974", "98818": "988", "": "", "1A247": ""} {
		if got := org.DepartmentOf(code); got != want {
			t.Errorf("%s is in %q, want %q", code, got, want)
		}
	}
	var def string
	if err := conn.QueryRow(t.Context(), `select pg_get_constraintdef(oid) from pg_constraint where conname = 'organisation_insee_code'`).Scan(&def); err != nil || !strings.Contains(def, `'^([0-9]{2}|2[AB])[0-9]{3}$'`) {
		t.Errorf("the table asks for %s, %v", def, err)
	}
}

func TestOrganisation_IsChangedByWhoMay(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	odile, ada := w.Referent(t, w.Here, "odile"), w.Administrator(t, "ada")
	o, err := d.Organisation(ctx, w.Here)
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(*org.Organisation)) org.Organisation { n := o; f(&n); return n }
	moved := change(func(n *org.Organisation) {
		n.Address, n.AddressExtra, n.Kind, n.INSEECode = "2 rue Neuve", "Bâtiment B", "ccas", "75104"
	})
	for i, step := range []struct {
		by   journal.Actor
		o    org.Organisation
		want error
	}{
		{odile, moved, nil}, {w.Jeanne, moved, org.ErrMayNot},
		{odile, change(func(n *org.Organisation) { n.ID = w.Elsewhere }), db.ErrNotFound},
		{odile, change(func(n *org.Organisation) { n.SIRET = "21690123100011" }), org.ErrMayNot},
		{odile, change(func(n *org.Organisation) { n.HabilitationNumber = "1" }), org.ErrMayNot},
		{odile, change(func(n *org.Organisation) { n.FranceServices = "1" }), org.ErrMayNot},
		{odile, change(func(n *org.Organisation) { n.Name = "" }), org.ErrParticulars},
		{odile, change(func(n *org.Organisation) { n.Name = "La CAF vous attend au 08 99 00 00 00" }), org.ErrParticulars},
		{ada, change(func(n *org.Organisation) { n.SIRET = "x" }), org.ErrSIRET},
		{ada, change(func(n *org.Organisation) { n.SIRET = "35600000000048" }), db.ErrConflict}, // the other organisation's
		{ada, change(func(n *org.Organisation) {
			n.SIRET, n.HabilitationNumber, n.FranceServices = "21690123100011", "4711", "FS-1"
		}), nil},
	} {
		if err := d.ChangeOrganisation(ctx, step.by, step.o); !errors.Is(err, step.want) || step.want == nil && err != nil {
			t.Errorf("step %d: %v, want %v", i, err, step.want)
		}
	}
	got, err := d.Organisation(ctx, w.Here)
	if err != nil || got.SIRET != "21690123100011" || got.HabilitationNumber != "4711" || got.PublicID != o.PublicID {
		t.Errorf("%+v, %v", got, err)
	}
	w.Content(t)
	if err := d.Close(ctx, ada, w.Here); err != nil {
		t.Fatal(err)
	}
	if err := d.ChangeOrganisation(ctx, ada, got); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("closed: %v", err)
	}
	w.Content(t)
}
