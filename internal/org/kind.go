package org

import "strings"

// KindOther is the kind of an organisation that is none of the others; Organisation.KindOther says it in words.
const KindOther = "autre"

// Kind is what an organisation is.
type Kind struct{ Key, French, English string }

// Kinds lists the kinds of organisations, in the order of a form.
func Kinds() []Kind {
	return []Kind{
		{"france_services", "France Services", "France Services"},
		{"ccas", "Centre communal d’action sociale (CCAS)", "Municipal social action centre (CCAS)"},
		{"cias", "Centre intercommunal d’action sociale (CIAS)", "Intermunicipal social action centre (CIAS)"},
		{"centre_social", "Centre social", "Social centre"},
		{"maison_solidarites", "Maison départementale des solidarités", "Département solidarity office"},
		{"mediatheque", "Médiathèque ou bibliothèque", "Library"},
		{"guichet_operateur", "Guichet d’accueil d’un opérateur de service public (Cnaf, France Travail, etc.)", "Counter of a public service operator"},
		{"association", "Association", "Association"},
		{"commune", "Commune", "Municipality"},
		{"communaute_communes", "Communauté de communes", "Community of municipalities"},
		{"epci", "Autre établissement public de coopération intercommunale (EPCI)", "Other intermunicipal body (EPCI)"},
		{"conseil_departemental", "Conseil départemental", "Département council"},
		{"prefecture", "Préfecture ou sous-préfecture", "Prefecture"},
		{"mission_locale", "Mission locale", "Youth employment centre"},
		{"maison_emploi", "Maison de l’emploi", "Employment centre (maison de l’emploi)"},
		{"pimms", "Point d’information médiation multi-services (PIMMS)", "Mediation point (PIMMS)"},
		{"msa", "Mutualité sociale agricole (MSA)", "Farmers’ social security (MSA)"},
		{"udaf", "Union départementale des associations familiales (UDAF)", "Département union of family associations (UDAF)"},
		{"gip", "Groupement d’intérêt public (GIP)", "Public interest group (GIP)"},
		{"tiers_lieu", "Tiers-lieu ou coworking", "Shared or coworking space (tiers-lieu)"},
		{"maison_quartier", "Maison de quartier", "Neighbourhood house"},
		{"regie_quartier", "Régie de quartier", "Neighbourhood enterprise"},
		{"mjc", "Maison des jeunes et de la culture (MJC)", "Youth and culture centre (MJC)"},
		{"esat", "Établissement ou service d’aide par le travail (ESAT)", "Supported employment (ESAT)"},
		{"ehpad", "Établissement pour personnes âgées dépendantes (EHPAD)", "Nursing home (EHPAD)"},
		{"chu", "Centre d’hébergement d’urgence", "Emergency shelter"},
		{"chrs", "Centre d’hébergement et de réinsertion sociale (CHRS)", "Shelter and reintegration centre (CHRS)"},
		{"clinique", "Clinique ou établissement de soins privé", "Private clinic"},
		{KindOther, "Autre", "Other"},
	}
}

// ValidKind reports whether a kind is one of Kinds.
func ValidKind(key string) bool {
	for _, k := range Kinds() {
		if k.Key == key {
			return true
		}
	}
	return false
}

// ValidSIRET reports whether s is 14 digits that pass the Luhn check. The establishments of La Poste follow a rule of
// their own (the sum of the digits is a multiple of five).
func ValidSIRET(s string) bool {
	if len(s) != 14 || strings.Trim(s, "0123456789") != "" {
		return false
	}
	luhn, sum := 0, 0
	for i := range 14 {
		n := int(s[i] - '0')
		sum += n
		if i%2 == 0 {
			n *= 2
		}
		luhn += n/10 + n%10
	}
	return luhn%10 == 0 || (strings.HasPrefix(s, "356000000") && sum%5 == 0)
}
