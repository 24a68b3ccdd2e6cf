package private

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestHolds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		// Numbers of persons: with their key, in Corsica, without a key, whatever stands between their digits.
		"1 85 05 78 006 084 91":                               NIR,
		"185057800608491":                                     NIR,
		"NIR185057800608491.":                                 NIR,
		"dossier 12, n° 1-85-05-78-006-084-91 (Ameli)":        NIR,
		"1.85.05.78.006.084/91":                               NIR,
		"1 85\u00a005\u202f78 006\n084 91":                    NIR,
		"1\u200b85\u200b05\u200b78\u200b006\u200b084\u200b91": NIR,
		"１８５０５７８００６０８４９１":                                     NIR,
		"١٨٥٠٥٧٨٠٠٦٠٨٤٩١":                                     NIR,
		"2 69 05 2A 588 157 " + key("2690519588157"):          NIR,
		"269052b588157" + key("2690518588157"):                NIR,
		"2-69-05-2a-588-157":                                  NIR,
		"1850578006084":                                       NIR,
		"1 85 05 78 006 084":                                  NIR,
		"né le 3 : 1 85 05 78 006 084 91":                     NIR,
		"1 85 05 78 006 084 92":                               NIR, // its key is wrong, the 13 digits before it are one all the same
		"185057800608492":                                     "",  // 15 digits with a wrong key: a number like another
		"2 85 55 99 345 123 " + key("2855599345123"):          NIR, // month not known

		// However far its parts stand from each other, and with letters that look like digits.
		"1 85 05 78\r\n\r\n006 084 91":                        NIR,
		"1    85    05    78    006    084    91":             NIR,
		"1\u316485\u316405\u316478\u3164006\u3164084\u316491": NIR,
		"1 85\uffa005 78\u115f006\u1160084 91":                NIR,
		"1 85 O5 78 OO6 O84 91":                               NIR,
		"I850578oo6o8491":                                     NIR,
		"3 85 05 78 006 084":                                  NIR,
		"4850599006084":                                       NIR,
		"1 85 20 78 006 084":                                  NIR,
		"1-85-31-78-006-084":                                  NIR,
		"2 69 20 2A 588 157":                                  NIR,
		"FR76\r\n\r\n3000 6000 0112 3456 7890 189":            IBAN,
		"FR 76 - 3000   -   6000 0112 3456 7890 189":          IBAN,
		"30006 00001 12345678901 89":                          IBAN,
		"RIB 30006 - 00001 - 12345678901 - 89":                IBAN,
		"rib:30006000011234567890189.":                        IBAN,
		"20041 01005 0500013M026 06":                          IBAN,
		"3OOO6 OOOO1 12345678901 89":                          IBAN,
		"7630006000011234567890189":                           IBAN,
		"30006 00001 12345678901 88":                          "", // its key is wrong
		"60006 00001 12345678901 12":                          "", // no bank begins so
		"4970\r\n\r\n1000 0000 0154":                          Card,
		"497O 1OOO 0000 O154":                                 Card,

		// Cards.
		"4970 1000 0000 0154":         Card,
		"4970100000000154":            Card,
		"carte 5555-5555-5555-4444":   Card,
		"4111.1111.1111.1111":         Card,
		"378282246310005":             Card,
		"3056 930902 5904":            Card,
		"6011 1111 1111 1117":         Card,
		"4222222222222":               Card,
		"2223 0031 2200 3222":         Card,
		"6759 6498 2643 8453":         Card,
		"4970 1000 0000 0155":         "",
		"le 12 : 4970 1000 0000 0154": Card,

		// Accounts.
		"FR76 3000 6000 0112 3456 7890 189":       IBAN,
		"fr7630006000011234567890189":             IBAN,
		"IBAN:FR76-3000-6000-0112-3456-7890-189.": IBAN,
		"FR14 2004 1010 0505 0001 3M02 606":       IBAN,
		"FR14 2004 1010 0505 0001 3M02 607":       "",
		"DE89 3704 0044 0532 0130 00":             IBAN,
		"GB82WEST12345698765432":                  IBAN,
		"de 89 3704 0044 0532 0130 00 chez nous":  IBAN,
		"BE68 5390 0754 7034":                     IBAN,

		// Passwords, and words about them.
		"mot de passe : Soleil":                       Password,
		"Mot de passe:soleil2024":                     Password,
		"MOT DE PASSE = abc":                          Password,
		"mdp azerty":                                  Password,
		"mdp : azerty":                                Password,
		"m.d.p. Azerty1!":                             Password,
		"code secret 4821":                            Password,
		"code confidentiel : 4821":                    Password,
		"password hunter2":                            Password,
		"Password: x":                                 Password,
		"son mot de passe est Minou!":                 Password,
		"le mot de passe est minou":                   Password,
		"mot-de-passe soleil2024":                     Password,
		"mot de passe « minou »":                      Password,
		"pwd=1":                                       Password,
		"mot de passe oublié, mdp minou":              Password,
		"mot de passe oublié":                         "",
		"Mot de passe réinitialisé par la personne":   "",
		"mot de passe à refaire":                      "",
		"Elle a changé son mot de passe.":             "",
		"mdp perdu":                                   "",
		"le mot de passe est bloqué":                  "",
		"mot de passe provisoire envoyé par courrier": "",
		"password reset by post":                      "",
		"code secret non reçu":                        "",
		"mot de passe :":                              "",

		// A word that is harmless before it does not hide one, nor does a line break.
		"Mot de passe provisoire : Xk93!pp":              Password,
		"Mot de passe Ameli : Soleil2024":                Password,
		"Mot de passe Ameli : soleil":                    Password,
		"mot de passe impots : Soleil2024!":              Password,
		"mot de passe de son compte CAF : Soleil2024":    Password,
		"mot de passe de son compte CAF =\nsoleil":       Password,
		"mot de passe changé en Soleil2024":              Password,
		"mot de passe changé, c'est Soleil2024":          Password,
		"mot de passe temporaire Soleil2024":             Password,
		"nouveau mot de passe créé -> « soleil »":        Password,
		"mot de passe\n\nSoleil2024":                     Password,
		"mots de passes : Soleil2024":                    Password,
		"Mot de passe (FranceConnect) : Soleil2024":      Password,
		"MDP ameli Soleil2024!":                          Password,
		"mdp impots so!leil":                             Password,
		"password for ameli: Soleil2024":                 Password,
		"code d'accès : 482193":                          Password,
		"code d’accès au compte 482193":                  Password,
		"PIN 4821":                                       Password,
		"son PIN: 482193.":                               Password,
		"code de carte : 4821":                           Password,
		"code de sa carte oublié, code de la carte 4821": Password,
		"code de sécurité 4821":                          Password,
		"cryptogramme 123":                               Password,
		"cryptogramme visuel : 123":                      Password,
		"mot de passe oublié : Soleil2024":               Password,

		// What people write who keep no secret.
		"mot de passe oublié : à refaire":                              "",
		"mot de passe oublié : dossier 2024-117 à refaire":             "",
		"Mot de passe : oublié":                                        "",
		"Mot de passe : oublié2024":                                    Password,
		"Mot de passe : oublié, Soleil2024":                            Password,
		"mot de passe Doctolib oublié":                                 "",
		"mot de passe minou, code oublié":                              Password,
		"mot de passe trop faible : 12 caractères demandés":            "",
		"mot de passe non requis : connexion FC+":                      "",
		"mdp oublié, allocataire 1234567A":                             "",
		"mot de passe oublié, dossier 2024-117":                        "",
		"Mot de passe oublié, récépissé A12-345678":                    "",
		"mot de passe oublié, dossier n° FR2024117":                    "",
		"mot de passe oublié.\nDossier : 2024-117":                     "",
		"mot de passe refusé\nRéférence : AB12CD34":                    "",
		"Mot de passe expiré ; téléphone : 06 12 34 56 78":             "",
		"mot de passe oublié, rappeler au +33 6 12 34 56 78":           "",
		"mot de passe changé le 12/05/2026 à 14h30, 2ème essai":        "",
		"mot de passe changé à 14:30, elle le garde":                   "",
		"mot de passe changé avec elle : tout fonctionne":              "",
		"mot de passe ameli : elle le garde":                           "",
		"mot de passe provisoire : envoyé par courrier":                "",
		"mot de passe oublié sur https://www.impots.gouv.fr":           "",
		"mot de passe envoyé à jean.dupont2@exemple.fr":                "",
		"mot de passe perdu, payé 1200€ de taxe, SIRET 35600000000048": "",
		"code confidentiel non reçu, 1200 € à payer":                   "",
		"code d'accès non reçu, dossier 482193":                        "",
		"code d'accès demandé en 2026":                                 "",
		"mot de passe perdu, numéro fiscal 30 23 217 600 053":          "",
		"Code de la sécurité sociale, article L161-36-3":               "",
		"12 rue du Pin, 31370 Le Pin-Murelet":                          "",
		"code postal 31370":                                            "",

		// What an account is for.
		"": "",
		"Déclaration validée, récépissé 2026-114-558877":           "",
		"20261122104512345678901":                                  "",
		"Dossier no 75 2026 0001 2345 6789":                        "",
		"SIRET 217 500 016 00019":                                  "",
		"SIRET 35600000000048":                                     "",
		"Rappeler le 01 99 00 00 00 avant le 12/05/2026 à 14 h 30": "",
		"de 12 personnes, le 14 mai 2026":                          "",
		"1234567890123":                                            "",
		"2024051312345":                                            "", // begins with its year and month
		"Dossier 2023113112345, reçu le 12/05/2026":                "",
		"3760123456789":                                            "", // of an article
		"01 99 00 00 00\n06 12 34 56 78\n+33 6 12 34 56 78":        "",
		"1 200,50 €\n2 300,00 €":                                   "",
		"avis 23 75 1234567 89, 30/06/2026":                        "",
		"01939b1c-7c5e-7000-8000-000000000001":                     "",
		"Numéro fiscal 30 12 345 678 901":                          "",

		// Tax numbers: their check digits tell them from numbers of persons without their key, and from cards.
		"30 23 217 600 053":                          "",
		"1850578006193":                              "",
		"n° fiscal 18 50 578 006 193":                "",
		"1850578006194":                              NIR, // one digit is wrong
		"1850578006193" + key("1850578006193"):       NIR,
		"1 85 05 78 006 193 " + key("1850578006193"): NIR,
	} {
		if got := Holds(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// key is that of a NIR.
func key(thirteen string) string { return fmt.Sprintf("%02d", 97-remainder(thirteen, 97)) }

// Whatever is drawn, written in whatever way, is found.
func TestHolds_FindsWhatIsDrawn(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		nir := fmt.Sprintf("%d%02d%02d%02d%03d%03d", 1+r.IntN(2), r.IntN(100), 1+r.IntN(12), 1+r.IntN(95), 1+r.IntN(990), 1+r.IntN(999))
		card := "4" + digits(r, 14)
		for d := range 10 {
			if full := card + fmt.Sprint(d); isCard(full) {
				card = full
				break
			}
		}
		iban := "de00" + digits(r, 18)
		iban = fmt.Sprintf("de%02d%s", 98-remainder(iban[4:]+"131400", 97), iban[4:])
		for what, text := range map[string]string{NIR: nir + key(nir), Card: card, IBAN: iban} {
			written := "vu " + text[:2] + spaced(r, text[2:]) + " fin" // the letters of a country stand together
			if got := Holds(written); got != what && !(what == Card && got == NIR) {
				t.Fatalf("%q (%s): got %q", written, what, got)
			}
		}
	}
}

func digits(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('0' + r.IntN(10)))
	}
	return b.String()
}

// spaced puts signs between some of the letters.
func spaced(r *rand.Rand, text string) string {
	signs := []string{"", "", "", " ", ".", "-", "\u00a0", " - ", "/", "–"}
	var b strings.Builder
	for i, c := range text {
		if i > 0 {
			b.WriteString(signs[r.IntN(len(signs))])
		}
		b.WriteRune(c)
	}
	return b.String()
}

func TestIBANLengths(t *testing.T) {
	t.Parallel()
	if len(countries) != len(strings.Fields(ibanLengths)) {
		t.Error("a country stands there twice")
	}
	for name, c := range countries {
		if c.length < 15 || c.length > 34 {
			t.Errorf("%s: %d signs", name, c.length)
		}
	}
}

// Nothing that is typed makes it fail, and what it finds it finds in capital letters and among other words too.
func FuzzHolds(f *testing.F) {
	for _, seed := range []string{"1 85 05 2A 006 084 91", "FR76 3000 6000 0112 3456 7890 189", "4970 1000 0000 0154", "mot de passe : x", "mdp", "2a", "\xff\xfe", "١٨٥", "fr", "fr7"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Holds(text)
		if got != Holds(text) {
			t.Error("not the same twice")
		}
		if len(text) > 400 {
			return
		}
		for _, r := range text {
			if r > 126 || r < 32 { // upper and lower case are not each other's in every script
				return
			}
		}
		if got != "" && Holds("note, "+strings.ToUpper(text)) == "" {
			t.Errorf("%q holds %s, and nothing in capital letters", text, got)
		}
	})
}
