// What FranceConnect and ProConnect share as OpenID providers: oidc-provider 7.14.3, with a door in front of it. The library
// drops parameters that it does not know; both operators refuse them, so the door has the closed list.
import Provider, { interactionPolicy } from 'oidc-provider';
import { form, redirect, withParams } from './http.mjs';
import { esc, interstitial, page, document } from './pages.mjs';
import { store } from './store.mjs';

export const ROUTES = {
  authorization: '/authorize', token: '/token', userinfo: '/userinfo', jwks: '/jwks',
  end_session: '/session/end', revocation: '/token/revocation', introspection: '/introspection',
};

// names of the endpoints as faults use them
const ENDPOINTS = { ...Object.fromEntries(Object.entries(ROUTES).map(([name, path]) => [path, name])), '/.well-known/openid-configuration': 'discovery' };

export class ClientRegistry {
  #all = new Map();

  // `metadata` is what the library gets, `own` what only the stand-in knows.
  async put(id, metadata, own, validate) {
    const before = this.#all.get(id);
    this.#all.set(id, { metadata, own });
    try {
      await validate(id);
    } catch (error) {
      if (before) this.#all.set(id, before); else this.#all.delete(id);
      throw error;
    }
  }

  get(id) { return this.#all.get(id); }

  own(id) { return this.#all.get(id)?.own ?? {}; }

  delete(id) { this.#all.delete(id); }
}

// lifetimes lets one client have others than the rest: tests of expiry need not wait a minute.
function lifetimes(defaults, clients) {
  const names = { AuthorizationCode: 'code', AccessToken: 'access_token', IdToken: 'id_token', Grant: 'grant' };
  return Object.fromEntries(Object.entries(defaults).map(([model, seconds]) => {
    if (!names[model]) return [model, seconds];
    return [model, function ttl(ctx, token, client) { return clients.own(client?.clientId ?? token?.clientId).ttl?.[names[model]] || seconds; }];
  }));
}

function errorBody(who, out) {
  const code = out.error === 'invalid_redirect_uri' ? 'Y030031' : 'Y000400';
  return document({ who, title: 'Erreur', body: `<div class="error" id="error"><p>Code <span id="code">${code}</span></p><p>${esc(out.error)} : ${esc(out.error_description)}</p></div>` });
}

// The library answers a change of person, response_mode=form_post and some logouts with a page of its own, in English, whose
// form a script submits. It cannot be configured, so the page is read and written again.
function translateInterstitials(provider, who) {
  provider.use(async (ctx, next) => {
    await next();
    if (typeof ctx.body !== 'string' || !ctx.body.includes('<title>Submitting Callback</title>')) return;
    const unescape = (s) => s.replace(/&(#\d+|amp|lt|gt|quot);/g, (_, e) => ({ amp: '&', lt: '<', gt: '>', quot: '"' }[e] ?? String.fromCharCode(e.slice(1))));
    const fields = Object.fromEntries([...ctx.body.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map((m) => [m[1], unescape(m[2])]));
    ctx.body = interstitial({ who, title: 'Poursuivre', action: unescape(/action="([^"]*)"/.exec(ctx.body)[1]), fields });
  });
}

// openidProvider returns { provider, handle, fail, base }. `accept` sees each authorization request before the library does;
// it answers it and returns true, or returns false.
export function openidProvider({ role, who, issuer, keys, clients, faults, accept, ttl, policy = interactionPolicy.base(), features = {}, ...more }) {
  const base = new URL(issuer).pathname;
  const provider = new Provider(issuer, {
    adapter: store(clients),
    jwks: { keys },
    cookies: {
      names: { session: `${role}_session`, interaction: `${role}_interaction`, resume: `${role}_resume` },
      // The default, SameSite=None, is dropped by browsers on plain http.
      long: { httpOnly: true, overwrite: true, sameSite: 'lax' },
      short: { httpOnly: true, overwrite: true, sameSite: 'lax' },
      keys: [role],
    },
    responseTypes: ['code'],
    acceptQueryParamAccessTokens: false,
    subjectTypes: ['pairwise'],
    sectorIdentifierUriValidate: () => false,
    tokenEndpointAuthMethods: ['client_secret_post', 'private_key_jwt'],
    routes: ROUTES,
    interactions: { policy, url: (_, interaction) => `${base}/interaction/${interaction.uid}` },
    ttl: lifetimes(ttl, clients),
    pkce: { methods: ['S256'], required: () => false },
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      jwtUserinfo: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: { enabled: false },
      requestObjects: { request: false, requestUri: false },
      ...features,
    },
    renderError: (ctx, out) => { ctx.type = 'html'; ctx.body = errorBody(who, out); },
    ...more,
  });
  provider.on('server_error', (_, error) => console.error('server_error', error));
  translateInterstitials(provider, who);
  const callback = provider.callback();

  // fail answers an authorization request at its redirect_uri, or with a page when that address cannot be trusted.
  async function fail(res, q, error, description, code) {
    const client = await provider.Client.find(q.get('client_id'));
    if (!client?.redirectUris.includes(q.get('redirect_uri'))) {
      return page(res, 400, { who, title: 'Erreur', body: `<div class="error" id="error"><p>Code <span id="code">${esc(code)}</span></p></div>` });
    }
    return redirect(res, withParams(q.get('redirect_uri'), { error, error_description: description, state: q.get('state'), iss: issuer }));
  }

  async function callingClient(req, url) {
    const bearer = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1];
    if (bearer) return (await provider.AccessToken.find(bearer))?.clientId;
    if (req.method === 'POST') return (await form(req)).client_id;
    return url.searchParams.get('client_id') ?? undefined;
  }

  async function faulty(req, res, url) {
    const endpoint = ENDPOINTS[url.pathname.slice(base.length)] ?? 'interaction';
    if (!faults.about(role, endpoint)) return false;
    const fault = await faults.take(role, endpoint, endpoint === 'interaction' ? undefined : await callingClient(req, url));
    if (fault) page(res, fault.status, { who, title: 'Service indisponible', body: '<div class="error" id="error"><p>Le service ne répond pas pour le moment.</p></div>' });
    return Boolean(fault);
  }

  async function handle(req, res) {
    const url = new URL(req.url, issuer);
    if (url.pathname === base + ROUTES.authorization) {
      const q = req.method === 'POST' ? new URLSearchParams(flat(await form(req))) : url.searchParams;
      if (await accept({ res, q })) return;
    }
    req.originalUrl = req.url; // tells the library where it is mounted
    req.url = req.url.slice(base.length);
    callback(req, res);
  }

  return { provider, handle, faulty, fail, base };
}

const flat = (object) => Object.entries(object).flatMap(([name, value]) => [].concat(value).map((v) => [name, v]));

// offending returns the first parameter that is not on the list or is given twice.
// authentication is how a client proves who it is: a client with a key set has no secret.
export const authentication = (c) => (c.jwks_uri ? { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: c.jwks_uri } : { client_secret: c.client_secret });
export const offending = (q, allowed) => [...q.keys()].find((name) => !allowed.includes(name) || q.getAll(name).length > 1);
export const missing = (q, required) => required.find((name) => !q.get(name));
