package idp_test

import (
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"

	"mandat/internal/fixture"
)

// BenchmarkUse is a whole use, five requests over HTTP: authorize, citizen, procedure, token, userinfo. Server, client and
// PostgreSQL share the machine. Run it with -cpu 16 for sixteen clients.
func BenchmarkUse(b *testing.B) {
	s := newSite(b)
	const people = 64
	var visitors []*visitor
	var citizens []string
	for n := range people {
		by := s.Aidant(b, s.Here, fmt.Sprint("aidant-", n))
		m := s.Sign(b, by, fixture.Citizen(n), fixture.Tax)
		citizens = append(citizens, m.Citizen.String())
		v := s.visit(b, by)
		v.confirm(m.Citizen)
		visitors = append(visitors, v)
	}
	noFollower.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	var next atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := int(next.Add(1)) % people
			v := visitors[n]
			path := v.begin()
			if a := v.post(path+"/usager", url.Values{"usager": {citizens[n]}}); a.StatusCode != http.StatusSeeOther {
				b.Error(a.StatusCode)
			}
			back := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}}).at()
			access := s.token(b, back.Query().Get("code"))["access_token"]
			if a := s.userinfo(b, access); a.StatusCode != http.StatusOK {
				b.Error(a.StatusCode)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "uses/s")
}
