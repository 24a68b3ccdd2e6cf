// FranceConnect as relying party of an identity provider, on openid-client 5.7.0: zero clock tolerance, 6 s for each call,
// discovery read anew for each use, client_secret_post, no PKCE.
import { Issuer, custom, errors as rpErrors } from 'openid-client';
import { random, redirect } from './http.mjs';
import { faultsOf, onlyIdentity } from './identity.mjs';
import { page } from './pages.mjs';
import { publicPart } from './keys.mjs';

const CALL_MS = 6000;
const ENOUGH = ['eidas1', 'eidas2', 'eidas3'];

custom.setHttpOptionsDefaults({ timeout: CALL_MS });

export function broker(fc) {
  const callbackUri = `${fc.issuer}/oidc-callback`;

  async function clientAt(p) {
    const remote = p.issuer ? await Issuer.discover(p.issuer) : new Issuer(p.endpoints);
    const client = new remote.Client({
      client_id: p.client_id, client_secret: p.client_secret, token_endpoint_auth_method: 'client_secret_post', response_types: ['code'],
      redirect_uris: [callbackUri], post_logout_redirect_uris: [`${fc.issuer}/client/logout-callback`],
      id_token_signed_response_alg: p.id_token_alg, ...(p.userinfo_alg && { userinfo_signed_response_alg: p.userinfo_alg }),
      ...(p.userinfo_key_alg && { userinfo_encrypted_response_alg: p.userinfo_key_alg, userinfo_encrypted_response_enc: 'A256GCM' }),
    }, { keys: fc.encryptionKeys });
    client[custom.clock_tolerance] = 0;
    return client;
  }

  // authorizeAtProvider remembers the attempt in this browser's session and gives where to send it, or the code of a refusal.
  async function authorizeAtProvider(req, res, at, idp) {
    const p = fc.providers.get(idp);
    if (!p) return { code: 'Y020019' };
    if (!fc.offered(at.client.clientId).includes(p)) return { code: 'Y020023' };
    let client;
    try {
      client = await clientAt(p);
    } catch (error) {
      fc.record('FC_IDP_FAILED', at.client.clientId, { idp, code: 'Y020026', why: error.message });
      return { code: 'Y020026' };
    }
    const attempt = { uid: at.uid, idp, state: random(), nonce: random(), perimeters: fc.clients.own(at.client.clientId).perimeters, client: at.client.clientId };
    fc.session(req, res).attempt = attempt;
    fc.record('FC_IDP_CHOSEN', attempt.client, { idp, perimeters: attempt.perimeters });
    const to = client.authorizationUrl({
      scope: 'openid profile email birth', prompt: 'login', acr_values: 'eidas1', state: attempt.state, nonce: attempt.nonce,
      // Only for a provider of representatives; an empty list when the service has no perimeter, as most have not.
      ...(p.aidants_connect && { claims: JSON.stringify({ id_token: { rep_scope: { essential: true, values: attempt.perimeters } } }) }),
    });
    return { to };
  }

  // The interaction's cookie has the path of the interaction, so the callback cannot end it: like FranceConnect it stores
  // what it learnt and sends the browser on to the step `verify`.
  async function brokerCallback(req, res) {
    const session = fc.session(req);
    const attempt = session?.attempt;
    if (!attempt || attempt.outcome) {
      fc.record('FC_ERROR', undefined, { code: 'Y190001' });
      return page(res, 401, { who: fc.who, title: 'Session expirée', body: '<div class="error" id="error"><p>Code <span id="code">Y190001</span></p></div>' });
    }
    const p = fc.providers.get(attempt.idp);
    attempt.outcome = await ask(req, attempt, p).catch((error) => ({ refusal: error.refusal ?? fc.refusal('Y020026'), why: error.message }));
    const { refusal, why, id_token: idToken, rep_scope: repScope } = attempt.outcome;
    if (idToken) session.idp = { uid: p.uid, id_token: idToken }; // for the logout
    fc.record(refusal ? 'FC_IDP_FAILED' : 'FC_IDP_ANSWERED', attempt.client, { idp: attempt.idp, code: refusal?.code, error: refusal?.error, why, rep_scope: repScope });
    return redirect(res, `${fc.base}/interaction/${attempt.uid}/verify`);
  }

  function brokerOutcome(req, uid) {
    const session = fc.session(req);
    const attempt = session?.attempt;
    if (attempt?.uid !== uid || !attempt.outcome) return undefined;
    delete session.attempt;
    return attempt.outcome;
  }

  // The keys to which an identity provider encrypts, where FranceConnect has them.
  const publicKeys = () => ({ keys: fc.encryptionKeys.map(publicPart) });

  // What each identity provider told last, for who asks the administration.
  const toldBy = new Map();

  const stop = (code, why) => Object.assign(new Error(why ?? code), { refusal: fc.refusal(code) });

  async function exchange(client, q, attempt) {
    try {
      return await client.callback(callbackUri, q, { state: attempt.state, nonce: attempt.nonce, response_type: 'code' });
    } catch (error) {
      if (q.error && error instanceof rpErrors.OPError) { // the provider said no: passed on as it is
        throw Object.assign(new Error(error.message), { refusal: { code: error.error, status: 400, error: error.error, description: error.error_description ?? '', text: "Le compte choisi n'a pas confirmé la connexion." } });
      }
      throw stop('Y020026', error.message);
    }
  }

  function checkTokens(claims, attempt, p) {
    const strings = (v) => v === undefined || v === null || (Array.isArray(v) && v.every((x) => typeof x === 'string'));
    if (typeof claims.acr !== 'string' || !claims.acr || !strings(claims.amr) || !strings(claims.rep_scope)) throw stop('Y020030', 'acr, amr or rep_scope has the wrong type');
    if (!ENOUGH.includes(claims.acr)) throw stop('Y100001', `acr ${claims.acr}`);
    if (!p.aidants_connect || !attempt.perimeters.length) return;
    const fits = attempt.perimeters.some((perimeter) => claims.rep_scope?.includes(perimeter));
    fc.record(fits ? 'FC_VALID_REP_SCOPE' : 'FC_INVALID_REP_SCOPE', attempt.client, { asked: attempt.perimeters, got: claims.rep_scope });
    if (!fits) throw stop('rep_scope', 'no perimeter in common');
  }

  async function ask(req, attempt, p) {
    if (!p) throw stop('Y020017');
    const client = await clientAt(p);
    const q = client.callbackParams(req);
    if (!q.state) throw stop('Y020021');
    if (q.state !== attempt.state) throw stop('Y020022');
    if (!q.code && !q.error) throw stop('Y020025');
    const tokens = await exchange(client, q, attempt);
    const claims = tokens.claims();
    checkTokens(claims, attempt, p);
    // The bare token, not the set: FranceConnect does not compare the sub of userinfo with that of the ID token.
    const info = await client.userinfo(tokens.access_token).catch((error) => { throw stop('Y020027', error.message); });
    toldBy.set(p.uid, { id_token: claims, userinfo: info });
    const wrong = faultsOf(info);
    if (wrong.length) throw stop('Y020029', `userinfo: ${wrong.join(', ')}`);
    return { identity: onlyIdentity(info), idp: { uid: p.uid, amr: p.amr }, id_token: tokens.id_token, rep_scope: claims.rep_scope };
  }

  return { clientAt, authorizeAtProvider, brokerCallback, brokerOutcome, publicKeys, toldBy };
}
