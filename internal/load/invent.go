package load

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	chance "math/rand/v2"
	"strconv"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/envelope"
	"mandat/internal/evidence"
	"mandat/internal/journal/format"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// Five mandates of one organisation are drawn up for three citizens: two of them come back for another.
const (
	mandatesEach = 5
	citizensEach = 3
	powersEach   = 3
	groupsEach   = 400 // in a lot
)

// maker makes rows. It is only read: several lots are made at once.
type maker struct {
	keys       *envelope.Keys
	catalogue  *procedure.Catalogue
	procedures []procedure.Procedure
	offices    []office
	mandates   int
	began      time.Time
	each       time.Duration // between two entries
	firstEntry int64         // id
}

// lot is what is copied at once: rows for each of the tables of filled, and what the tree needs.
type lot struct {
	tables   [][]byte
	first    int64 // id of the first entry
	writer   writer
	mandates int
	err      error
}

// making is a lot under way.
type making struct {
	*maker
	chance                                     *chance.ChaCha8
	citizens, mandates, powers, uses, accounts rows
	entries                                    writer
}

// invented is one mandate.
type invented struct {
	about
	draft                      uuid.UUID
	identified, signedAt, ends time.Time
	days                       int
	procedures                 []procedure.Procedure
	digest                     []byte
}

// known is a citizen of a group.
type known struct {
	id       uuid.UUID
	identity citizen.Identity
	key      *envelope.DataKey
}

// lots is how many there are.
func (m *maker) lots() int {
	const each = groupsEach * mandatesEach
	return (m.mandates + each - 1) / each
}

// lot makes the n-th. Entries: one for each signature, and two for each second mandate, whose power was used and accounted for.
func (m *maker) lot(n int) *lot {
	var seed [32]byte
	_, _ = rand.Read(seed[:]) // never fails
	k := &making{maker: m, chance: chance.NewChaCha8(seed)}
	first := n * groupsEach * mandatesEach
	count := min(m.mandates-first, groupsEach*mandatesEach)
	k.entries = writer{salts: func(b []byte) { _, _ = k.chance.Read(b) }, next: m.firstEntry + int64(entriesUpTo(first))}
	out := &lot{first: k.entries.next, mandates: count}
	for r, each := range map[*rows]int{&k.citizens: 300, &k.mandates: 2000, &k.powers: 500, &k.uses: 150, &k.accounts: 150, &k.entries.rows: 2500} { // bytes a mandate
		r.b = append(make([]byte, 0, count*each), copyHeader...)
	}
	k.entries.commits = make([]format.Hash, 0, 2*count)
	for at := first; at < first+count && out.err == nil; at += mandatesEach {
		out.err = k.group(at, min(mandatesEach, first+count-at))
	}
	out.tables = [][]byte{k.citizens.end(), k.mandates.end(), k.powers.end(), k.uses.end(), k.accounts.end(), k.entries.end()}
	out.writer = k.entries
	return out
}

// entriesUpTo is how many entries stand before those of a mandate.
func entriesUpTo(mandate int) int { return mandate + 2*(mandate/2) }

// group makes up to five mandates from the n-th on, of one organisation and one aidant of it.
func (k *making) group(n, count int) error {
	g := n / mandatesEach
	o := &k.offices[g%len(k.offices)]
	var people [citizensEach]known
	for i := range count {
		signed := k.began.Add(time.Duration(entriesUpTo(n+i)) * k.each).Truncate(time.Microsecond)
		if i < citizensEach {
			var err error
			if people[i], err = k.citizen(o, n+i, signed); err != nil {
				return err
			}
		}
		who := &people[i%citizensEach]
		m := &invented{about: about{o.id, o.aidants[g/len(k.offices)%aidantsEach], who.id, k.id(signed)}, draft: k.id(signed), identified: signed.Add(-time.Minute), signedAt: signed,
			days: []int{365, 365, 182, 31}[(n+i)%4]}
		from := (g*powersEach + i/citizensEach*powersEach) % (len(k.procedures) - powersEach) // another set for a second mandate
		m.procedures, m.ends = k.procedures[from:from+powersEach], terms.EndOf(signed, m.days)
		if err := k.mandate(o, who, m); err != nil {
			return err
		}
		if (n+i)%2 == 1 {
			if err := k.use(who, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// id makes an id as token.ID does (UUID version 7), of another time.
func (k *making) id(at time.Time) (id uuid.UUID) {
	_, _ = k.chance.Read(id[:])
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli()))
	copy(id[:6], ms[2:])
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id
}

func (k *making) citizen(o *office, n int, at time.Time) (known, error) {
	who := known{id: k.id(at), identity: person(n)}
	key, wrapped, err := k.keys.NewDataKey(who.id)
	if err != nil {
		return who, err
	}
	who.key = key
	sealed, err := citizen.SealIdentity(key, who.identity)
	if err != nil {
		return who, err
	}
	index, err := citizen.New(k.keys).Index(o.id, who.identity.Sub)
	if err != nil {
		return who, err
	}
	identified := at.Add(-time.Minute)
	r := &k.citizens
	r.row(9)
	r.id(who.id)
	r.id(o.id)
	r.bytes(index)
	r.bytes(wrapped)
	r.bytes(sealed)
	r.text("franceconnect")
	r.time(identified)
	r.time(at)
	r.bool(false)
	return who, nil
}

// mandate writes the mandate, its powers and the entry of its signature.
func (k *making) mandate(o *office, who *known, m *invented) error {
	var salt [16]byte
	_, _ = k.chance.Read(salt[:])
	plain, digest, err := k.frozen(o, who, m, fmt.Sprintf("%x", salt)).Encode()
	if err != nil {
		return err
	}
	m.digest = digest
	r := &k.mandates
	r.row(16)
	for _, id := range []uuid.UUID{m.mandate, m.organisation, m.citizen, m.draft, m.person} {
		r.id(id)
	}
	r.text("standing")
	r.text("franceconnect")
	r.time(m.identified)
	r.time(m.signedAt)
	r.int4(m.days)
	r.time(m.ends)
	r.text(k.catalogue.Version())
	r.text("franceconnect")
	r.text("code")
	r.bytes(who.key.Seal("mandate.terms:"+m.mandate.String(), plain))
	r.bytes(digest)
	for _, p := range m.procedures {
		r := &k.powers
		r.row(9)
		r.id(m.mandate)
		r.text(p.Key)
		r.id(m.organisation)
		r.id(m.citizen)
		r.text("standing")
		r.text("franceconnect")
		r.time(m.signedAt)
		r.time(m.ends)
		r.text("act")
	}
	k.entries.write(m.signedAt, "mandate.signed", m.about, m.signed(k.catalogue.Version()))
	return nil
}

// frozen is what was agreed. Of each procedure it has the name, and not who it is done with nor where.
func (k *making) frozen(o *office, who *known, m *invented, salt string) terms.Frozen {
	f := terms.Frozen{Version: 2, Salt: salt, Organisation: o.party, Citizen: who.identity, Catalogue: k.catalogue.Version(), Days: m.days, EndsAt: m.ends,
		IdentifiedBy: "franceconnect", IdentifiedAt: m.identified, ConsentBy: "franceconnect", NoProtection: m.identified, Informed: m.identified,
		Agreement: &terms.Agreement{Lang: "fr", Form: evidence.Plain, Reading: "self", Understood: "until", Private: true}}
	f.Citizen.Sub = ""
	for _, p := range m.procedures {
		f.Procedures = append(f.Procedures, terms.Power{Key: p.Key, Theme: p.Theme, Name: procedure.Text{"fr": p.Name["fr"]}, Level: procedure.Act, EndsAt: m.ends})
	}
	return f
}

// use writes a use of the first power, and the account of it.
func (k *making) use(who *known, m *invented) error {
	at, login, p := m.signedAt.Add(k.each).Truncate(time.Microsecond), k.id(m.signedAt), m.procedures[0]
	closed := at.Add(k.each).Truncate(time.Microsecond)
	sealed := who.key.Seal("report.account:"+login.String()+":1", []byte(`{"site":"`+p.Key+`.essai.invalid"}`))
	r := &k.uses
	r.row(13)
	for _, id := range []uuid.UUID{login, m.organisation, m.citizen, m.mandate, m.person} {
		r.id(id)
	}
	r.text(p.Key)
	r.text("login")
	r.time(at)
	r.text("closed")
	r.int4(1)
	r.text("done")
	r.time(closed)
	r.id(m.person)
	r = &k.accounts
	r.row(8)
	r.id(login)
	r.int4(1)
	r.id(m.organisation)
	r.id(m.person)
	r.time(closed)
	r.text("done")
	r.bool(true)
	r.bytes(sealed)
	k.entries.write(at, "power.used", m.about, fmt.Sprintf(`"client":"franceconnect","login":"%s","procedure":"%s","procedure_is":"declared","service":"unknown","theme":"%s"`, login, p.Key, p.Theme))
	k.entries.write(closed, "power.accounted", m.about, fmt.Sprintf(`"number":1,"outcome":"done","procedure":"%s","sha256":"%x","supplied":true,"use":"%s"`, p.Key, sha256.Sum256(sealed), login))
	return nil
}

var (
	givenNames  = []string{"Marie", "Jean-Pierre", "Éloïse Anaïs", "Mohamed", "Nathalie Claude", "François", "Zoé", "Jean", "Hélène Marie", "Ibrahim", "Camille"}
	familyNames = []string{"DUBOIS", "LEFÈVRE", "MARTIN", "D’ALMEIDA", "LE GOFF", "NGUYEN", "GARCIA-LOPEZ", "FICTIF", "DIALLO", "MOREAU", "PETIT", "ROUX", "FONTAINE"}
)

// person is the n-th invented citizen: born between 1930 and 2003, without an address for mails, which would be sent.
func person(n int) citizen.Identity {
	return citizen.Identity{Sub: "essai-" + strconv.Itoa(n) + "v1", GivenName: givenNames[n%len(givenNames)], FamilyName: familyNames[n/len(givenNames)%len(familyNames)] + "-" + letters(n),
		Birthdate: time.Date(1930, 1, 1+n*7919%27000, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), Gender: "female", Birthplace: "75107", Birthcountry: "99100"}
}

// letters writes a number in letters: names have no digits.
func letters(n int) string {
	out := make([]byte, 0, int(math.Log(float64(n+1))/math.Log(26))+1)
	for ; n > 0 || len(out) == 0; n /= 26 {
		out = append(out, byte('A'+n%26))
	}
	return string(out)
}
