// A public service that talks to an OpenID provider (Mandat) directly, on openid-client 5.7.0: discovery, PAR, PKCE, a private key or
// a secret, DPoP, userinfo as JSON, signed, or encrypted, introspection, revocation, logout both ways. It keeps what it
// was told, and the administration reads it.
import { randomUUID, createPrivateKey } from 'node:crypto';
import { Issuer, generators } from 'openid-client';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { form, json, random, redirect } from './http.mjs';
import { browserSessions } from './sessions.mjs';
import { button, esc, page, postForm } from './pages.mjs';
import { keyFor, publicPart } from './keys.mjs';

const WHO = 'Service public relié à Mandat (démonstration)';
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

export class DirectServices {
  services = new Map(); // by id
  session = browserSessions('direct_service', '/');

  constructor({ origin }) { Object.assign(this, { origin }); }

  addressOf(s, step) { return `${this.origin}/${s.id}/${step}`; }

  // A service keeps its keys when it is put again: they are registered by address.
  async put(id, s) {
    if (!/^[a-z0-9-]+$/.test(id)) throw new Error('the id of a service has only letters, digits and hyphens');
    const before = this.services.get(id);
    const keys = before?.keys ?? await Promise.all([keyFor(s.token_endpoint_auth_signing_alg || 'ES256'), keyFor(s.userinfo_encrypted_response_alg || 'ECDH-ES'), keyFor('ES256')]);
    this.services.set(id, { ...s, id, keys, told: before?.told ?? { logins: [], logouts: [] } });
  }

  delete(id) { this.services.delete(id); }

  // told is what the service knows: {logins: [...], logouts: [...]}, newest last.
  told(id) { return this.services.get(id)?.told; }

  // Built anew each time, so that the service starts before its provider answers.
  async client(s) {
    const issuer = await Issuer.discover(s.issuer);
    const [signing, decryption] = s.keys;
    return new issuer.Client({
      client_id: s.client_id, ...(s.client_secret && { client_secret: s.client_secret }), response_types: ['code'],
      redirect_uris: [this.addressOf(s, 'callback')], post_logout_redirect_uris: [`${this.origin}/${s.id}`],
      token_endpoint_auth_method: s.token_endpoint_auth_method,
      ...(s.token_endpoint_auth_method === 'private_key_jwt' && { token_endpoint_auth_signing_alg: s.token_endpoint_auth_signing_alg || 'ES256' }),
      id_token_signed_response_alg: s.id_token_signed_response_alg || 'ES256',
      ...(s.userinfo_signed_response_alg && { userinfo_signed_response_alg: s.userinfo_signed_response_alg }),
      ...(s.userinfo_encrypted_response_alg && { userinfo_encrypted_response_alg: s.userinfo_encrypted_response_alg, userinfo_encrypted_response_enc: 'A256GCM' }),
    }, { keys: [signing, decryption] });
  }

  proofKey(s) { return s.dpop ? { DPoP: createPrivateKey({ key: s.keys[2], format: 'jwk' }) } : {}; }

  home(res, s, session) {
    const last = session.login;
    const error = session.error ? `<div class="error"><p id="error">${esc(session.error)}</p></div>` : '';
    delete session.error;
    const entry = postForm(`/${s.id}/login`, button('login', s.id, "Entrer pour quelqu'un, avec Mandat", { id: `login-${s.id}` }));
    if (!last) return page(res, 200, { who: WHO, title: s.name, body: error + entry });
    const rows = Object.entries(last.id_token).map(([name, value]) => `<dt>${esc(name)}</dt><dd id="told-${esc(name)}">${esc(typeof value === 'string' ? value : JSON.stringify(value))}</dd>`);
    const more = ['introspect', 'userinfo', 'revoke', 'logout'].map((step) => postForm(`/${s.id}/${step}`, button(step, s.id, step, { plain: true }))).join('');
    return page(res, 200, {
      who: WHO, title: s.name,
      body: `${error}<p id="greeting">Dossier de ${esc(last.userinfo?.given_name)} ${esc(last.userinfo?.family_name)}</p><dl>${rows.join('\n')}</dl>${more}`,
    });
  }

  // login begins: the request is pushed when the service is told to, and the browser then carries a reference only.
  async login(res, s, session) {
    const client = await this.client(s);
    const attempt = { state: random(), nonce: random(), code_verifier: generators.codeVerifier() };
    session.attempt = attempt;
    const request = {
      scope: s.scope || 'openid profile birth', state: attempt.state, nonce: attempt.nonce,
      code_challenge: generators.codeChallenge(attempt.code_verifier), code_challenge_method: 'S256',
      ...(s.authorization_details && { authorization_details: JSON.stringify(s.authorization_details) }),
      ...s.parameters,
    };
    if (!s.pushed) return redirect(res, client.authorizationUrl(request));
    const pushed = await client.pushedAuthorizationRequest({ ...request, redirect_uri: this.addressOf(s, 'callback'), response_type: 'code' });
    return redirect(res, client.authorizationUrl({ request_uri: pushed.request_uri, scope: undefined, response_type: undefined, redirect_uri: undefined }));
  }

  async callback(req, res, s, session) {
    const { state, nonce, code_verifier: verifier } = session.attempt ?? {};
    delete session.attempt;
    try {
      const client = await this.client(s);
      const tokens = await client.callback(this.addressOf(s, 'callback'), client.callbackParams(req), { state, nonce, code_verifier: verifier, response_type: 'code' }, this.proofKey(s));
      const { id_token: raw, access_token: access, ...answer } = tokens;
      const login = { at: new Date().toISOString(), id_token: tokens.claims(), answer };
      Object.assign(session, { login, access, raw });
      s.told.logins.push(login);
      login.userinfo = await client.userinfo(tokens, this.proofKey(s));
    } catch (error) {
      session.error = failure(error);
      s.told.error = session.error;
    }
    redirect(res, `/${s.id}`);
  }

  // again asks the provider something about the last login, and keeps the answer, or how it was refused.
  async again(res, s, session, step) {
    if (!session.login) return redirect(res, `/${s.id}`);
    const client = await this.client(s);
    try {
      if (step === 'introspect') session.login.introspection = await client.introspect(session.access);
      if (step === 'userinfo') session.login.again = await client.userinfo(session.access, this.proofKey(s));
      if (step === 'revoke') await client.revoke(session.access);
      session.login.done = [...(session.login.done ?? []), step];
    } catch (error) {
      session.error = failure(error);
      session.login.refused = { ...session.login.refused, [step]: session.error };
    }
    return redirect(res, `/${s.id}`);
  }

  async logout(res, s, session) {
    const hint = session.raw;
    if (!hint) return redirect(res, `/${s.id}`);
    session.left = random();
    const to = (await this.client(s)).endSessionUrl({ id_token_hint: hint, state: session.left, post_logout_redirect_uri: `${this.origin}/${s.id}` });
    for (const name of ['login', 'access', 'raw']) delete session[name];
    return redirect(res, to);
  }

  // backchannel receives a logout token (OpenID Connect Back-Channel Logout §2.5, §2.6) and says what is wrong with it.
  async backchannel(req, res, s) {
    const fields = await form(req);
    try {
      const issuer = await Issuer.discover(s.issuer);
      const { payload, protectedHeader } = await jwtVerify(String(fields.logout_token), createRemoteJWKSet(new URL(issuer.jwks_uri)), {
        issuer: s.issuer, audience: s.client_id, typ: 'logout+jwt', algorithms: [s.id_token_signed_response_alg || 'ES256'], requiredClaims: ['iat', 'exp', 'jti', 'events'],
      });
      if (payload.nonce !== undefined) throw new Error('nonce in a logout token');
      if (JSON.stringify(payload.events?.[LOGOUT_EVENT]) !== '{}') throw new Error('not the event of back-channel logout');
      if (!payload.sub && !payload.sid) throw new Error('neither sub nor sid');
      s.told.logouts.push({ at: new Date().toISOString(), header: protectedHeader, claims: payload });
      res.writeHead(200, { 'cache-control': 'no-store' }).end();
    } catch (error) {
      s.told.logouts.push({ at: new Date().toISOString(), error: error.message });
      json(res, 400, { error: 'invalid_request', error_description: error.message });
    }
  }

  async route(req, res) {
    const url = new URL(req.url, this.origin);
    const [, id, step = ''] = /^\/([a-z0-9-]+)(?:\/([a-z]+))?$/.exec(url.pathname) ?? [];
    const s = this.services.get(id);
    if (!s) return page(res, 404, { who: WHO, title: 'Page inconnue', body: '<p>Cette page n’existe pas.</p>' });
    const asked = `${req.method} ${step}`;
    if (asked === 'GET keys') return json(res, 200, { keys: s.keys.slice(0, 2).map(publicPart) });
    if (asked === 'POST backchannel') return this.backchannel(req, res, s);
    const session = this.session(req, res);
    try {
      if (asked === 'GET ') {
        if (session.left && url.searchParams.get('state') === session.left) s.told.logouts.push({ at: new Date().toISOString(), returned: randomUUID() });
        delete session.left;
        return this.home(res, s, session);
      }
      if (asked === 'POST login') return await this.login(res, s, session);
      if (asked === 'GET callback') return await this.callback(req, res, s, session);
      if (asked === 'POST logout') return await this.logout(res, s, session);
      if (['POST introspect', 'POST userinfo', 'POST revoke'].includes(asked)) return await this.again(res, s, session, step);
      return page(res, 404, { who: WHO, title: 'Page inconnue', body: '<p>Cette page n’existe pas.</p>' });
    } catch (error) {
      s.told.error = failure(error);
      return page(res, 502, { who: WHO, title: 'Mandat ne répond pas comme attendu', body: `<div class="error"><p id="error">${esc(failure(error))}</p></div>` });
    }
  }
}

const failure = (error) => (error.error ? `${error.error} : ${error.error_description ?? ''}` : error.message);
