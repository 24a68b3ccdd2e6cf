// A public service behind FranceConnect, with several procedures: each is a client of its own, with or without a perimeter.
// It greets whoever FranceConnect says is there, and shows which account was used.
import { Issuer } from 'openid-client';
import { random, redirect } from './http.mjs';
import { browserSessions } from './sessions.mjs';
import { button, choices, esc, page, postForm } from './pages.mjs';

const WHO = 'Service public de démonstration';

export class PublicService {
  services = new Map(); // by id
  session = browserSessions('public_service', '/');

  constructor({ origin, fc }) { Object.assign(this, { origin, fc }); }

  callbackOf(id) { return `${this.origin}/${id}/callback`; }

  async put(id, s) {
    if (!/^[a-z0-9-]+$/.test(id)) throw new Error('the id of a service has only letters, digits and hyphens');
    const secret = random();
    await this.fc.putClient(`service-${id}`, {
      client_secret: secret, name: s.name, redirect_uris: [this.callbackOf(id)], post_logout_redirect_uris: [`${this.origin}/`],
      scope: 'openid identite_pivot preferred_username email idp_id', perimeters: s.perimeters, providers: s.providers, entity: `service-${id}`,
    });
    this.services.set(id, { id, name: s.name, secret, hidden: s.hidden, sso: s.sso });
  }

  delete(id) {
    this.services.delete(id);
    this.fc.clients.delete(`service-${id}`);
  }

  // Built anew each time, so that the service starts before FranceConnect answers.
  async client(s) {
    const issuer = await Issuer.discover(this.fc.issuer);
    return new issuer.Client({
      client_id: `service-${s.id}`, client_secret: s.secret, redirect_uris: [this.callbackOf(s.id)], token_endpoint_auth_method: 'client_secret_post',
      id_token_signed_response_alg: 'ES256', userinfo_signed_response_alg: 'ES256',
    });
  }

  home(res, session) {
    const offers = [...this.services.values()].filter((s) => !s.hidden);
    page(res, 200, { who: WHO, title: 'Vos démarches', body: `${this.failure(session)}${choices(offers.map((s) => this.entry(s)))}` });
  }

  failure(session) {
    const text = session.error;
    delete session.error;
    return text ? `<div class="error"><p id="error">${esc(text)}</p></div>` : '';
  }

  entry(s) {
    return `<section aria-labelledby="service-${s.id}"><h2 id="service-${s.id}">${esc(s.name)}</h2>${postForm(`/${s.id}/login`, button('login', s.id, "S'identifier avec FranceConnect", { id: `login-${s.id}` }))}</section>`;
  }

  greeting(res, s, session) {
    const c = session.citizen;
    if (session.service !== s.id || !c) return page(res, 200, { who: WHO, title: s.name, body: `${this.failure(session)}${this.entry(s)}` });
    return page(res, 200, {
      who: WHO, title: s.name,
      body: `<p id="greeting">Bonjour ${esc(c.given_name)} ${esc(c.preferred_username ?? c.family_name)}</p>
<dl><dt>Nom de naissance</dt><dd id="family_name">${esc(c.family_name)}</dd><dt>Date de naissance</dt><dd id="birthdate">${esc(c.birthdate)}</dd>
<dt>Compte utilisé</dt><dd id="idp">${esc(c.idp_id)}</dd><dt>Identifiant chez nous</dt><dd id="sub">${esc(c.sub)}</dd></dl>
${postForm(`/${s.id}/logout`, button('logout', s.id, 'Se déconnecter', { plain: true }))}`,
    });
  }

  async login(res, s, session) {
    const attempt = { state: random(), nonce: random() };
    session.attempts = { ...session.attempts, [s.id]: attempt };
    redirect(res, (await this.client(s)).authorizationUrl({ scope: 'openid identite_pivot preferred_username email idp_id', acr_values: 'eidas1', ...(!s.sso && { prompt: 'login' }), ...attempt }));
  }

  async callback(req, res, s, session) {
    const attempt = session.attempts?.[s.id] ?? {};
    delete session.attempts?.[s.id];
    delete session.error;
    try {
      const client = await this.client(s);
      const tokens = await client.callback(this.callbackOf(s.id), client.callbackParams(req), { ...attempt, response_type: 'code' });
      Object.assign(session, { citizen: await client.userinfo(tokens), id_token: tokens.id_token, service: s.id });
    } catch (error) {
      session.error = `${error.error ?? 'erreur'} : ${error.error_description ?? error.message}`;
    }
    redirect(res, `/${s.id}`);
  }

  async logout(res, s, session) {
    const hint = session.id_token;
    delete session.citizen;
    delete session.id_token;
    if (!hint) return redirect(res, '/');
    return redirect(res, (await this.client(s)).endSessionUrl({ id_token_hint: hint, state: random(), post_logout_redirect_uri: `${this.origin}/` }));
  }

  async route(req, res) {
    const url = new URL(req.url, this.origin);
    const session = this.session(req, res);
    const [, id, step = ''] = /^\/([a-z0-9-]+)(?:\/([a-z]+))?$/.exec(url.pathname) ?? [];
    const s = this.services.get(id);
    try {
      if (url.pathname === '/') return this.home(res, session);
      if (s && step === '') return this.greeting(res, s, session);
      if (s && `${req.method} ${step}` === 'POST login') return await this.login(res, s, session);
      if (s && `${req.method} ${step}` === 'GET callback') return await this.callback(req, res, s, session);
      if (s && `${req.method} ${step}` === 'POST logout') return await this.logout(res, s, session);
      return page(res, 404, { who: WHO, title: 'Page inconnue', body: '<p>Cette page n’existe pas.</p>' });
    } catch (error) {
      return page(res, 502, { who: WHO, title: 'FranceConnect ne répond pas', body: `<div class="error"><p id="error">${esc(error.message)}</p></div>` });
    }
  }
}
