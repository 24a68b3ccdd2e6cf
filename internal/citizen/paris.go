package citizen

import (
	"time"
	_ "time/tzdata" // a server without a zone database must not change when a mandate ends
)

// Paris is the legal time of mandates and ages.
var Paris = mustParis()

func mustParis() *time.Location {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err) // the zone database is compiled in
	}
	return paris
}
