// What FranceConnect knows of a person: the claims of each scope, the checks of an identity, the sub of each service.
import { createHash } from 'node:crypto';

const PIVOT = ['given_name', 'family_name', 'birthdate', 'gender', 'birthplace', 'birthcountry'];
const FRANCE = '99100';

export const claimsByScope = {
  openid: ['sub'],
  given_name: ['given_name', 'given_name_array'],
  family_name: ['family_name'], gender: ['gender'], birthdate: ['birthdate'], birthplace: ['birthplace'],
  birthcountry: ['birthcountry'], email: ['email'], preferred_username: ['preferred_username'],
  profile: ['given_name', 'given_name_array', 'family_name', 'birthdate', 'gender', 'preferred_username'],
  birth: ['birthplace', 'birthcountry'],
  identite_pivot: ['given_name', 'given_name_array', 'family_name', 'birthdate', 'gender', 'birthplace', 'birthcountry'],
  idp_birthdate: ['idp_birthdate'],
  idp_id: ['idp_id'],
  amr: ['amr'],
};

// what a client may ask for when its registration names no scopes: everything that needs no entitlement
export const OPEN_SCOPES = Object.keys(claimsByScope).filter((scope) => !['idp_id', 'amr'].includes(scope)).join(' ');

const sha256 = (...parts) => createHash('sha256').update(parts.join(''));

export const pivot = (p) => PIVOT.map((name) => (name === 'birthplace' && p.birthcountry !== FRANCE ? '' : p[name])).join('');

// The same person has the same sub at a service whoever identified them: it depends on the pivot, not on the provider. The
// secret is fixed so that a database kept between two runs still knows the people of the first.
export const pairwiseSub = (account, entity) => `${sha256(entity, sha256(pivot(account)).digest('base64'), 'demonstration').digest('hex')}v1`;

// account is what services get. Presumed dates reach them as the first of the month or of January.
export function account(identity, idp) {
  const { refusal, clients, login, ...known } = identity;
  const content = {
    ...known,
    birthdate: known.birthdate.replaceAll('-00', '-01'), idp_birthdate: known.birthdate,
    given_name_array: known.given_name.split(' '), idp_id: idp.uid, amr: idp.amr,
  };
  // The key is a digest of all of it: one person through two providers is two accounts, which never mix.
  return { id: sha256(JSON.stringify(content)).digest('hex'), content };
}

function birthdateFits(value) {
  const parts = typeof value === 'string' && /^(\d{4})-(\d\d)-(\d\d)$/.exec(value);
  if (!parts) return false;
  const [, , month, day] = parts;
  if (day === '00') return month >= '00' && month <= '12';
  const date = new Date(value);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}

// faultsOf lists the claims of an identity provider that FranceConnect would refuse.
export function faultsOf(u) {
  const words = (v) => typeof v === 'string' && v.length >= 1 && v.length <= 256;
  const fits = {
    sub: /^[\x20-\x7e]+$/.test(u.sub ?? ''),
    given_name: words(u.given_name),
    family_name: words(u.family_name),
    birthdate: birthdateFits(u.birthdate),
    gender: ['male', 'female', 'unspecified'].includes(u.gender),
    birthcountry: /^99\d{3}$/.test(u.birthcountry ?? ''),
    birthplace: u.birthcountry !== FRANCE || /^(\d\d|2A|2B)\d{3}$/.test(u.birthplace ?? ''),
    email: /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(u.email ?? ''),
    preferred_username: u.preferred_username === undefined || typeof u.preferred_username === 'string',
  };
  return Object.keys(fits).filter((name) => !fits[name]);
}

// onlyIdentity drops what FranceConnect does not know: its identity object is closed.
export const onlyIdentity = (u) => Object.fromEntries([...PIVOT, 'email', 'preferred_username'].filter((name) => u[name] !== undefined).map((name) => [name, u[name]]));
