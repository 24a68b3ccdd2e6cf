package app_test

import (
	"encoding/hex"
	"maps"
	"net/url"
	"strings"

	"mandat/internal/apptest"
	"mandat/internal/charter"
	"mandat/internal/fixture"
)

// What a complete form of each POST is: a refusal must not be one of a form that was empty. A value in braces is one of the
// stage's things.
var forms = map[string]url.Values{
	"POST /audit/comparaison":                                 {},
	"POST /audit/export":                                      {},
	"POST /audit/levees/{unsealing}/accord":                   {},
	"POST /audit/levees/{unsealing}/fin":                      {},
	"POST /audit/levees/{unsealing}/nom":                      {},
	"POST /audit/levees/{unsealing}/refus":                    {},
	"POST /audit/levees/{unsealing}/retrait":                  {},
	"POST /audit/personnes/{person}/levee":                    {"motif": {"anomaly"}, "raison": {"Des connexions à des heures où personne ne travaille."}},
	"POST /audit/usagers/{citizen}/levee":                     {"motif": {"complaint"}, "raison": {"Une réclamation dit que ce mandat n’a pas été signé."}},
	"POST /api/decision":                                      {},
	"POST /brouillons/{draft}":                                {"procedures": {fixture.Tax}, "days": {"31"}, "no_protection": {"on"}, "informed": {"on"}},
	"POST /brouillons/{draft}/abandon":                        {},
	"POST /brouillons/{draft}/autre-personne":                 {},
	"POST /brouillons/{draft}/confirmation":                   {},
	"POST /brouillons/{draft}/ecran":                          {"version": {"{identified}"}, "langue": {"fr"}, "forme": {"plain"}},
	"POST /brouillons/{draft}/identite":                       {},
	"POST /brouillons/{draft}/identite/telephone":             {},
	"POST /brouillons/{draft}/identite/telephone/annulation":  {},
	"POST /brouillons/{draft}/identite/connue":                {"recherche": {"dubois"}},
	"POST /brouillons/{draft}/identite/connue/choix":          {"person": {"{known}"}},
	"POST /brouillons/{draft}/identite/piece":                 {"document": {"passport"}, "family_name": {"DUBOIS"}, "given_name": {"Angela"}, "birth_day": {"24"}, "birth_month": {"08"}, "birth_year": {"1962"}, "born_town": {"Paris"}},
	"POST /brouillons/{draft}/recapitulatif":                  {"version": {"{identified}"}, "drawn": {"M10 20L300 90"}},
	"POST /brouillons/{draft}/reprise":                        {"version": {"2"}},
	"POST /brouillons/{draft}/signature":                      {"agreed": {"on"}, "understood": {"until"}, "reading": {"self"}, "private": {"on"}, "version": {"{identified}"}, "shown": {"{recap}"}},
	"POST /brouillons/{draft}/signature/options":              {},
	"POST /brouillons/{draft}/sms":                            {},
	"POST /brouillons/{draft}/sms/annulation":                 {},
	"POST /brouillons/{draft}/temoin":                         {"version": {"2"}, "attested": {"{attested}"}, "seen": {"on"}, "heard": {"on"}},
	"POST /charte":                                            {"version": {charter.Version}, "sha256": {hex.EncodeToString(charter.Sum())}, "accepted": {"on"}},
	"POST /connexion/cle":                                     {},
	"POST /connexion/cle/reponse":                             {},
	"POST /connexion/confirmation":                            {},
	"POST /connexion/facteur":                                 {"code": {"123456"}},
	"POST /connexion/lien":                                    {"email": {"jeanne@exemple.invalid"}},
	"POST /connexion/lien/{token}":                            {},
	"POST /connexion/proconnect":                              {},
	"POST /connexion/reprise/{token}":                         {},
	"POST /deconnexion":                                       {},
	"POST /mandats":                                           {"recherche": {"dubois"}},
	"POST /mandats/export":                                    {"format": {"csv"}},
	"POST /i/{token}":                                         {},
	"POST /idp/authorize":                                     mustQuery(apptest.Request()),
	"POST /idp/end_session":                                   {"post_logout_redirect_uri": {"https://ailleurs.exemple.invalid/"}},
	"POST /idp/logins/{login}/confirmation":                   {},
	"POST /mandats/{mandate}/confirmation":                    {},
	"POST /idp/logins/{login}/annuler":                        {},
	"POST /idp/logins/{login}/demarche":                       {"demarche": {fixture.Tax}},
	"POST /idp/logins/{login}/structure":                      {"structure": {"{here}"}},
	"POST /idp/logins/{login}/usager":                         {"usager": {"{citizen}"}},
	"POST /idp/par":                                           {"client_id": {apptest.ClientID}, "client_secret": {apptest.ClientSecret}},
	"POST /idp/introspect":                                    {"token": {"x"}, "client_id": {apptest.ClientID}, "client_secret": {apptest.ClientSecret}},
	"POST /idp/revoke":                                        {"token": {"x"}, "client_id": {apptest.ClientID}, "client_secret": {apptest.ClientSecret}},
	"POST /idp/token":                                         {"grant_type": {"authorization_code"}, "code": {strings.Repeat("A", 64)}, "redirect_uri": {apptest.ClientCallback}, "client_id": {apptest.ClientID}, "client_secret": {apptest.ClientSecret}},
	"POST /idp/userinfo":                                      {"access_token": {strings.Repeat("A", 64)}},
	"POST /invitation/{token}":                                {"how": {"own"}},
	"POST /mails/{token}":                                     {"act": {"refuse"}},
	"POST /mandats/transfert":                                 {"address": {"https://mandat.example/v/AAAAAAAAAAAAAAAAAAAAAA"}, "word": {"lune-pomme-sapin-tasse"}},
	"POST /mandats/nouveau":                                   {"procedures": {fixture.Tax}, "days": {"31"}, "no_protection": {"on"}, "informed": {"on"}},
	"POST /mandats/{mandate}/fin":                             {"reason": {"citizen"}},
	"POST /mandats/{mandate}/renouvellement":                  {"powers": {"1"}, "days": {"31"}, "no_protection": {"on"}, "informed": {"on"}},
	"POST /mandats/{mandate}/effacement":                      {"asked": {"on"}, "ends": {"on"}},
	"POST /effacements/{request}":                             {},
	"POST /mandats/{mandate}/dossier":                         {"seen": {"document"}},
	"POST /mandats/{mandate}/recu":                            {},
	"POST /recu":                                              {"receipt": {"a.b.c"}, "file": {" "}},
	"POST /mandats/{mandate}/usages":                          {"procedure": {fixture.Tax}, "way": {"paper"}},
	"POST /mandats/{mandate}/usages/{use}":                    {"after": {"0"}, "outcome": {"done"}, "receipt": {"2026-42"}},
	"POST /mandats/{mandate}/compte-rendu":                    {"shown": {"{shown}"}},
	"POST /mandats/{mandate}/telephone":                       {"number": {"06 39 98 12 34"}},
	"POST /mandats/{mandate}/telephone/code":                  {"code": {"123456"}},
	"POST /mandats/{mandate}/telephone/exception":             {"reason": {"Le téléphone est celui de sa fille"}},
	"POST /mandats/{mandate}/telephone/retrait":               {},
	"POST /sms/rapports":                                      {"id": {"x"}, "status": {"delivered"}},
	"POST /sms/reponses":                                      {"id": {"x"}, "from": {"+33639981234"}, "text": {"oui"}},
	"POST /admin/administrateurs":                             {"email": {"adm-{n}@exemple.invalid"}, "given_name": {"Ada"}, "usual_name": {"Fictif"}},
	"POST /admin/administrateurs/{invitation}/accord":         {},
	"POST /admin/administrateurs/{invitation}/retrait":        {},
	"POST /admin/administrateurs/{person}/fin":                {},
	"POST /admin/conservation/{policy}":                       {"amount": {"{amount}"}},
	"POST /admin/conservation/{policy}/changement":            {"trial": {"{trial}"}},
	"POST /admin/gels":                                        {"siret": {"21750001600019"}, "citizen": {"{citizen}"}, "reason": {"litigation"}, "until": {"{soon}"}},
	"POST /admin/gels/{hold}/levee":                           {},
	"POST /admin/cartes":                                      {"act": {"import"}, "file": {"serial;seed\nESSAI-{n};00112233445566778899aabbccddeeff00112233\n"}},
	"POST /admin/cartes/{card}/envoi":                         {"siret": {"21750001600019"}},
	"POST /admin/cartes/{card}/perte":                         {},
	"POST /admin/imports":                                     {"file": {"{results}"}},
	"POST /admin/imports/confirmation":                        {"content": {"{content}"}, "file": {" "}},
	"POST /admin/imports/suite":                               {},
	"POST /admin/invitations/{invitation}/renvoi":             {},
	"POST /admin/invitations/{invitation}/retrait":            {},
	"POST /admin/personnes":                                   {"email": {"{email}"}},
	"POST /admin/personnes/{person}/certification":            {},
	"POST /admin/personnes/{person}/certification/reprise":    {},
	"POST /admin/personnes/{person}/certification/suspension": {},
	"POST /admin/personnes/{person}/formation":                {"trained_on": {"{day}"}, "training": {"classic"}, "organiser": {"Organisme"}},
	"POST /admin/personnes/{person}/identite":                 {"identity": {"{identity}"}},
	"POST /admin/personnes/{person}/identite/refus":           {"identity": {"{identity}"}},
	"POST /admin/personnes/{person}/nom":                      {"given_name": {"Corrigée"}, "usual_name": {"Fictif"}},
	"POST /admin/personnes/{person}/reinitialisation":         {},
	"POST /admin/personnes/{person}/reprise":                  {},
	"POST /admin/personnes/{person}/suspension":               {},
	"POST /admin/personnes/{person}/test":                     {"tested_on": {"{day}"}, "score": {"800"}},
	"POST /admin/reinitialisations/{reset}/accord":            {},
	"POST /admin/reinitialisations/{reset}/refus":             {},
	"POST /admin/services":                                    service,
	"POST /admin/services/{client}/fermeture":                 {},
	"POST /admin/services/{client}/modification":              filled(service, "client_name", "Autre nom {n}", "version", "{registration}"),
	"POST /admin/services/{client}/reouverture":               {},
	"POST /admin/services/{client}/secret":                    {"stolen": {"on"}},
	"POST /admin/structures":                                  filled(structure, "siret", "{siret}", "referent_given_name", "Rita", "referent_usual_name", "Fictif", "referent_email", "ref-{n}@exemple.invalid"),
	"POST /admin/structures/{organisation}/demarches":         {"procedures": {fixture.Tax, fixture.Housing}},
	"POST /admin/structures/{organisation}/modification":      filled(structure, "siret", "{siret}"),
	"POST /admin/structures/{organisation}/referent":          {"given_name": {"Rita"}, "usual_name": {"Fictif"}, "email": {"ref-{n}@exemple.invalid"}},
	"POST /admin/structures/{organisation}/reprise":           {},
	"POST /admin/structures/{organisation}/suspension":        {},
	"POST /admin/travaux/{job}/reprise":                       {},
	"POST /compte/courriel":                                   {"value": {"nouvelle-{n}@exemple.invalid"}},
	"POST /compte/courriel/code":                              {"code": {"123456"}},
	"POST /compte/facteurs/application":                       {"code": {"123456"}},
	"POST /compte/facteurs/carte":                             {"serial": {"ESSAI-0"}, "code": {"123456"}, "second": {"654321"}},
	"POST /compte/facteurs/carte/heure":                       {"first": {"123456"}, "second": {"654321"}},
	"POST /compte/facteurs/cle/debut":                         {},
	"POST /compte/facteurs/cle/fin":                           {},
	"POST /compte/facteurs/remise/annuler":                    {"reset": {"{reset}"}},
	"POST /compte/facteurs/secours":                           {"factor": {"{factor}"}},
	"POST /compte/facteurs/{factor}":                          {"name": {"Autre nom"}},
	"POST /compte/facteurs/{factor}/retirer":                  {},
	"POST /compte/invitations/{invitation}":                   {},
	"POST /compte/profil":                                     {"profession": {"Conseil"}, "lang": {"fr"}},
	"POST /compte/sessions/autres":                            {},
	"POST /compte/sessions/{browser}/fermer":                  {},
	"POST /compte/telephone":                                  {"value": {"06 12 34 56 78"}},
	"POST /compte/telephone/code":                             {"code": {"123456"}},
	"POST /referent/invitations":                              {"given_name": {"Zoé"}, "usual_name": {"Fictif"}, "email": {"zoe-{n}@exemple.invalid"}, "roles": {"aidant"}, "lang": {"fr"}},
	"POST /referent/invitations/{invitation}/renvoi":          {},
	"POST /referent/invitations/{invitation}/retrait":         {},
	"POST /referent/personnes/{person}/demarches":             {"procedures": {fixture.Tax}},
	"POST /referent/personnes/{person}/facteurs":              {},
	"POST /referent/personnes/{person}/facteurs/accord":       {"reset": {"{reset}"}},
	"POST /referent/personnes/{person}/facteurs/refus":        {"reset": {"{reset}"}},
	"POST /referent/personnes/{person}/identite":              {"identity": {"{identity}"}},
	"POST /referent/personnes/{person}/identite/refus":        {"identity": {"{identity}"}},
	"POST /referent/personnes/{person}/nom":                   {"given_name": {"Corrigée"}, "usual_name": {"Fictif"}},
	"POST /referent/personnes/{person}/releve":                {"colleague": {"{another}"}},
	"POST /referent/personnes/{person}/reprise":               {},
	"POST /referent/personnes/{person}/roles/{role}":          {},
	"POST /referent/personnes/{person}/roles/{role}/retrait":  {},
	"POST /referent/personnes/{person}/suspension":            {},
	"POST /v/{token}":                                         {"sha256": {strings.Repeat("0", 64)}}, // words are throttled for each address
	"POST /referent/structure":                                {"phone": {"+33 1 99 00 12 35"}, "email": {"accueil-{n}@exemple.invalid"}},
}

// structure is what is told of an organisation.
var structure = url.Values{"name": {"Structure d’essai"}, "address": {"1 rue de l’Essai"}, "postcode": {"75001"}, "city": {"Paris"}, "phone": {"+33 1 99 00 12 34"},
	"email": {"essai@exemple.invalid"}, "kind": {"ccas"}, "act": {"save"}}

func filled(form url.Values, pairs ...string) url.Values {
	out := maps.Clone(form)
	for i := 0; i+1 < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

func mustQuery(address string) url.Values {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u.Query()
}
