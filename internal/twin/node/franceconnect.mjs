// FranceConnect v2, low level: OpenID provider of services; its other half, relying party of identity providers, is broker.mjs.
//
// The way of a citizen: /authorize (closed list) → interaction/UID (choice of account) → choose, or the broker and verify →
// consent → back to the service. `interaction.mjs` has the steps, `logout.mjs` the way out.
import { authentication, openidProvider, offending, missing, ClientRegistry } from './provider.mjs';
import { claimsByScope, OPEN_SCOPES, pairwiseSub, account as accountOf, pivot } from './identity.mjs';
import { refusals } from './refusals.mjs';
import { browserSessions } from './sessions.mjs';
import { esc, page } from './pages.mjs';
import { interactions } from './interaction.mjs';
import { broker } from './broker.mjs';
import { logout } from './logout.mjs';
import { json } from './http.mjs';

export const WHO = 'FranceConnect (démonstration)';
const PARAMETERS = ['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'acr_values', 'state', 'nonce', 'claims', 'prompt', 'idp_hint'];
const REQUIRED = ['client_id', 'redirect_uri', 'response_type', 'scope', 'acr_values', 'state', 'nonce'];
const TTL = { AuthorizationCode: 30, AccessToken: 60, IdToken: 60, Grant: 30, Interaction: 1800, Session: 1800 };

// firstFault applies the validator of /authorize: any fault is Y030007, whichever the parameter.
function firstFault(q) {
  const name = offending(q, PARAMETERS) ?? missing(q, REQUIRED);
  if (name) return name;
  if (q.get('response_type') !== 'code') return 'response_type';
  if (q.get('nonce').length < 22) return 'nonce';
  if (q.has('prompt') && !q.get('prompt').split(' ').every((v) => v === 'login' || v === 'consent')) return 'prompt';
  return undefined;
}

export class FranceConnect {
  who = WHO;
  clients = new ClientRegistry();
  providers = new Map(); // identity providers, by uid
  accounts = new Map(); // who was identified, by digest
  session = browserSessions('franceconnect_broker', '/api/v2');

  constructor({ issuer, keys, encryptionKeys, citizens, faults, record, codesInErrors = false }) {
    Object.assign(this, { issuer, encryptionKeys, citizens, faults, record, codesInErrors });
    Object.assign(this, broker(this), logout(this));
    Object.assign(this, openidProvider({
      role: 'franceconnect', who: WHO, issuer, keys, faults, clients: this.clients, ttl: TTL,
      accept: (request) => this.accept(request),
      acrValues: ['eidas1'],
      claims: { amr: null, ...claimsByScope },
      scopes: Object.keys(claimsByScope),
      clientDefaults: { grant_types: ['authorization_code'], response_types: ['code'], subject_type: 'pairwise', token_endpoint_auth_method: 'client_secret_post' },
      extraParams: ['idp_hint'],
      enabledJWA: { idTokenSigningAlgValues: ['ES256', 'RS256'], userinfoSigningAlgValues: ['ES256', 'RS256'], tokenEndpointAuthSigningAlgValues: ['ES256', 'RS256'] },
      findAccount: (_, id) => this.accounts.has(id) ? { accountId: id, claims: () => ({ sub: id, ...this.accounts.get(id) }) } : undefined,
      pairwiseIdentifier: (_, id, client) => pairwiseSub(this.accounts.get(id), this.clients.own(client.clientId).entity),
      features: { rpInitiatedLogout: { enabled: true, logoutSource: this.logoutSource, postLogoutSuccessSource: this.loggedOutPage } },
    }));
    Object.assign(this, interactions(this));
  }

  // accept is the door of /authorize: what is wrong before the client is known gets a page, the rest goes back to the service.
  async accept({ res, q }) {
    const client = q.get('client_id');
    const parameter = firstFault(q);
    if (parameter) {
      this.record('FC_AUTHORIZE_REFUSED', client, { code: 'Y030007', parameter });
      page(res, 400, { who: WHO, title: 'Erreur', body: `<div class="error" id="error"><p>Code <span id="code">Y030007</span></p><p>Paramètre refusé : ${esc(parameter)}</p></div>` });
      return true;
    }
    const [error, code] = this.entitlementFault(q) ?? [];
    if (!error) {
      this.record('FC_AUTHORIZE_INITIATED', client);
      return false;
    }
    this.record('FC_AUTHORIZE_REFUSED', client, { code, error });
    await this.fail(res, q, error, this.describe('authentication aborted due to a technical error on the authorization server', code), code);
    return true;
  }

  entitlementFault(q) {
    const own = this.clients.own(q.get('client_id'));
    const entitled = own.scope?.split(' ');
    if (q.get('acr_values') !== 'eidas1') return ['invalid_request', 'Y100002'];
    // The library would silently drop a scope that it does not know at all.
    if (entitled && q.get('scope').split(' ').some((scope) => !entitled.includes(scope))) return ['invalid_scope', 'scope'];
    if (q.get('idp_hint') && entitled && !this.offered(q.get('client_id')).some((p) => p.uid === q.get('idp_hint'))) return ['invalid_idp_hint', 'Y030032'];
    if (!q.get('claims')) return undefined;
    let claims;
    try { claims = JSON.parse(q.get('claims')); } catch { return ['server_error', 'Y030028']; }
    if (claims?.id_token && 'amr' in claims.id_token && entitled && !entitled.includes('amr')) return ['server_error', 'Y100009'];
    return undefined;
  }

  describe(sentence, code) { return this.codesInErrors ? `${sentence} (${code})` : sentence; }

  // offered lists the identity providers that a service lets its users choose: its own list, or all.
  offered(clientId) {
    const { providers } = this.clients.own(clientId);
    return [...this.providers.values()].filter((p) => !providers || providers.includes(p.uid));
  }

  citizensFor(clientId) {
    return Object.entries(this.citizens).filter(([, c]) => !c.clients?.length || c.clients.includes(clientId));
  }

  // register plays the civil register for people who come through an identity provider: it finds them by their pivot.
  register(identity) {
    const key = pivot(accountOf(identity, {}).content);
    return Object.values(this.citizens).find((c) => c.refusal && pivot(accountOf(c, {}).content) === key)?.refusal;
  }

  refusal(code) { return { code, ...(refusals[code] ?? { status: 400, error: 'access_denied', description: code, text: '' }) }; }

  async putClient(id, c) {
    const scope = c.scope || OPEN_SCOPES;
    await this.clients.put(id, {
      client_id: id, ...authentication(c), client_name: c.name || id,
      redirect_uris: c.redirect_uris, post_logout_redirect_uris: c.post_logout_redirect_uris ?? [],
      scope, id_token_signed_response_alg: c.id_token_alg || 'ES256', userinfo_signed_response_alg: c.userinfo_alg || 'ES256',
      // Without it the sector would be the host and port of the first redirect_uri.
      sector_identifier_uri: 'https://sector.invalid/',
    }, { scope, entity: c.entity || id, perimeters: c.perimeters ?? [], providers: c.providers, ttl: c.ttl }, (i) => this.provider.Client.find(i));
  }

  async putProvider(uid, p) { this.providers.set(uid, { amr: ['fc', 'pwd', 'mail'], id_token_alg: 'ES256', ...p, uid }); }

  async route(req, res) {
    const url = new URL(req.url, this.issuer);
    if (await this.faulty(req, res, url)) return undefined;
    const path = url.pathname.slice(this.base.length);
    const [, uid, step] = /^\/interaction\/([^/]+)\/?([a-z]*)$/.exec(path) ?? [];
    try {
      if (uid) return await this.interaction(req, res, uid, step);
      if (path === '/client/.well-known/keys') return json(res, 200, this.publicKeys());
      if (path === '/oidc-callback') return await this.brokerCallback(req, res);
      if (path === '/client/logout-callback') return this.logoutCallback(req, res, url.searchParams);
    } catch (error) {
      this.record('FC_ERROR', undefined, { why: error.message });
      return page(res, 401, { who: WHO, title: 'Session expirée', body: '<div class="error" id="error"><p>Code <span id="code">Y190001</span></p><p>Fermez cet onglet et recommencez depuis le service.</p></div>' });
    }
    return this.handle(req, res);
  }
}
