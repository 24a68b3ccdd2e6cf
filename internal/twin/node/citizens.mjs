// The test identities of FranceConnect's demonstration identity provider. Which logins exist and what each exercises is
// published; of `test` so is the whole identity. Every other value is OURS. Add an identity here, or while running through
// the administration. `refusal` is what the civil register (or FranceConnect) says of that person: a key of refusals.mjs.

const person = (given_name, family_name, gender, birthdate, birthplace, birthcountry, more = {}) =>
  ({ given_name, family_name, gender, birthdate, birthplace, birthcountry, email: 'personne.de.test@example.org', ...more });

const FRANCE = '99100';

export const citizens = {
  // published logins
  test: person('Angela Claire Louise', 'DUBOIS', 'female', '1962-08-24', '75107', FRANCE),
  avec_nom_dusage: person('Angela Claire Louise', 'DUBOIS', 'female', '1962-08-24', '75107', FRANCE, { preferred_username: 'MARTIN' }),
  nom_composé: person('Odile', 'LEFORT-GARNIER', 'female', '1953-02-11', '69123', FRANCE),
  prénom_composé: person('Jean-Marc Anne-Lise', 'PERRIN', 'male', '1948-10-30', '13055', FRANCE),
  caractères_spéciaux: person('Zoé Françoise', "D'AŸ-LÉGLISE", 'female', '1979-12-03', '29019', FRANCE),
  'nom_50+_caractères': person('Hippolyte', 'DE VILLENEUVE-LA-GUYARD DE SAINT-BARTHÉLEMY-LE-PLAIN', 'male', '1944-06-17', '35238', FRANCE),
  moins_18_ans: person('Lina', 'MERCIER', 'female', '2013-04-09', '31555', FRANCE),
  naissance_Algérie: person('Samira', 'HADDAD', 'female', '1957-01-21', '', '99352'),
  naissance_Maroc: person('Driss', 'EL FASSI', 'male', '1961-09-02', '', '99350'),
  naissance_Portugal: person('Fernando', 'TEIXEIRA', 'male', '1950-03-28', '', '99139'),
  naissance_Belgique: person('Griet', 'VAN DAMME', 'female', '1966-11-14', '', '99131'),
  test_CLEMENT: person('Ange', 'CLEMENT', 'male', '1971-05-19', '2A115', FRANCE),
  insee_ancien: person('Yvonne', 'COLLET', 'female', '1932-07-08', '75012', FRANCE),
  étranger_présumé_né_jour: person('Moussa', 'CAMARA', 'male', '1963-05-00', '', '99330'),
  étranger_présumé_né_jour_et_mois: person('Aïssata', 'BARRY', 'female', '1958-00-00', '', '99330'),
  sans_nom_naissance: person('Lakshmi', '', 'female', '1982-02-16', '', '99223'),
  sans_mail: person('Roger', 'TESSIER', 'male', '1941-09-25', '33063', FRANCE, { email: undefined }),
  test_doublon: person('Michel', 'BERNARD', 'male', '1955-01-01', '75112', FRANCE, { refusal: 'Y010006' }),

  // ours: one login for each other refusal that a counter meets
  test_inconnu: person('Solange', 'AUBRY', 'female', '1947-08-08', '59350', FRANCE, { refusal: 'Y010008' }),
  test_nom_usage_seul: person('Denise', 'LAMBERT', 'female', '1951-04-23', '67482', FRANCE, { refusal: 'Y010007' }),
  test_décédé: person('Marcel', 'GUÉRIN', 'male', '1926-02-02', '54395', FRANCE, { refusal: 'Y010015' }),
  registre_indisponible: person('Paulette', 'RENAUD', 'female', '1949-06-06', '44109', FRANCE, { refusal: 'Y010011' }),
  appareil_suspect: person('Gilbert', 'NOËL', 'male', '1954-12-12', '06088', FRANCE, { refusal: 'suspicious_context' }),
};
