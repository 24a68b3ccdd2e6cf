// ProConnect as OpenID provider of professionals.
import { createHash } from 'node:crypto';
import { interactionPolicy } from 'oidc-provider';
import { form } from './http.mjs';
import { authentication, openidProvider, offending, missing, ClientRegistry } from './provider.mjs';
import { button, choices, document, esc, interstitial, page, postForm } from './pages.mjs';

export const WHO = 'ProConnect (démonstration)';
const ACR = ['eidas0', 'eidas0-mfa', 'eidas1', 'eidas1-mfa', 'eidas2', 'eidas3'];
const STRONG = ['eidas0-mfa', 'eidas1-mfa', 'eidas2', 'eidas3'];
const PARAMETERS = ['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'acr_values', 'state', 'nonce', 'claims', 'prompt',
  'idp_hint', 'login_hint', 'siret_hint', 'code_challenge', 'code_challenge_method'];
const REQUIRED = ['client_id', 'redirect_uri', 'response_type', 'scope', 'state', 'nonce'];
const TTL = { AuthorizationCode: 60, AccessToken: 3600, IdToken: 3600, RefreshToken: 7200, Grant: 43_200, Interaction: 1800, Session: 43_200 };
const claimsByScope = {
  openid: ['sub'], given_name: ['given_name'], usual_name: ['usual_name'], email: ['email'], uid: ['uid'], siret: ['siret'],
  idp_id: ['idp_id'], roles: ['roles'], organization_label: ['organization_label'], phone: ['phone_number'], custom: ['custom'],
};
const ALGORITHMS = ['ES256', 'RS256', 'HS256'];

function firstFault(q) {
  const name = offending(q, PARAMETERS) ?? missing(q, REQUIRED);
  if (name) return name;
  if (!/^[\x20-\x7e]{1,512}$/.test(q.get('nonce'))) return 'nonce';
  if (q.get('siret_hint') && !/^\d{14}$/.test(q.get('siret_hint'))) return 'siret_hint';
  if (q.get('login_hint') && !/^[^@\s]+@[^@\s]+$/.test(q.get('login_hint'))) return 'login_hint';
  return undefined;
}

// askedAcr reads the levels that a client asks for, from the claims parameter or from acr_values.
function askedAcr(params) {
  const claim = params.claims && JSON.parse(params.claims)?.id_token?.acr;
  return claim?.values ?? (claim?.value ? [claim.value] : params.acr_values?.split(' ') ?? []);
}

export class ProConnect {
  clients = new ClientRegistry();
  professionals = new Map(); // by id

  constructor({ issuer, keys, faults, record }) {
    Object.assign(this, { issuer, faults, record });
    const policy = interactionPolicy.base();
    // ProConnect may answer with another level than the essential one that was asked for: the client has to look. With these
    // checks of the library in place it would ask the person again for ever.
    for (const check of ['essential_acr', 'essential_acrs']) policy.get('login').checks.remove(check);
    Object.assign(this, openidProvider({
      role: 'proconnect', who: WHO, issuer, keys, faults, clients: this.clients, ttl: TTL, policy,
      accept: (request) => this.accept(request),
      acrValues: ACR,
      claims: { amr: null, ...claimsByScope },
      scopes: Object.keys(claimsByScope),
      clientDefaults: { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], subject_type: 'pairwise', token_endpoint_auth_method: 'client_secret_post' },
      extraParams: ['idp_hint', 'siret_hint'],
      enabledJWA: { idTokenSigningAlgValues: ALGORITHMS, userinfoSigningAlgValues: ALGORITHMS },
      issueRefreshToken: () => true,
      rotateRefreshToken: () => true,
      findAccount: (_, id) => this.professionals.has(id) ? { accountId: id, claims: () => this.claims(id) } : undefined,
      pairwiseIdentifier: (_, id, client) => this.sub(id, client),
      features: { introspection: { enabled: true }, rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource } },
    }));
  }

  claims(id) {
    const { sub, acr, amr, clients, id: _, ...claims } = this.professionals.get(id);
    return { ...claims, sub: id };
  }

  // A sub of the configuration is used as it is, so that a seed can know it before; else it depends on the identity
  // provider and on the client's sector, as the real one: the same person at another provider is somebody else.
  sub(id, client) {
    const p = this.professionals.get(id);
    return p.sub ?? createHash('sha256').update([p.idp_id, p.uid ?? id, this.clients.own(client.clientId).entity, 'demonstration'].join('|')).digest('hex');
  }

  async accept({ res, q }) {
    const parameter = firstFault(q);
    this.record(parameter ? 'PC_AUTHORIZE_REFUSED' : 'PC_AUTHORIZE_INITIATED', q.get('client_id'), parameter && { code: 'Y000400', parameter });
    if (!parameter) return false;
    page(res, 400, { who: WHO, title: 'Erreur', body: `<div class="error" id="error"><p>Code <span id="code">Y000400</span></p><p>Paramètre refusé : ${esc(parameter)}</p></div>` });
    return true;
  }

  showPeople(res, here, details, client) {
    const asked = askedAcr(details.params);
    const hint = details.params.login_hint;
    const people = [...this.professionals.values()].filter((p) => (!p.clients?.length || p.clients.includes(client.clientId)) && (!hint || p.email === hint));
    const one = (p, n) => {
      const best = p.acr.findLast((acr) => asked.includes(acr)) ?? p.acr.at(-1);
      const options = p.acr.map((acr) => `<option value="${esc(acr)}"${acr === best ? ' selected' : ''}>${esc(acr)}</option>`).join('');
      return postForm(here, button('login', p.id, `${p.given_name} ${p.usual_name} (${p.organization_label}), ${p.email}`)
        + `<label for="acr-${n}">Niveau de garantie pour ${esc(p.given_name)} ${esc(p.usual_name)}</label><select id="acr-${n}" name="acr">${options}</select>`);
    };
    page(res, 200, {
      who: WHO, title: `Se connecter à ${client.clientName}`,
      body: choices(people.map(one)) + postForm(here, button('cancel', '1', `Retourner vers ${client.clientName}`, { plain: true })),
    });
  }

  async interaction(req, res, uid) {
    const details = await this.provider.interactionDetails(req, res);
    if (details.uid !== uid) throw new Error('another interaction than the one of this browser');
    const client = await this.provider.Client.find(details.params.client_id);
    const here = `${this.base}/interaction/${uid}`;
    const done = (result) => this.provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
    const f = req.method === 'POST' ? await form(req) : {};
    if (f.cancel) {
      this.record('PC_CANCELLED', client.clientId);
      return done({ error: 'access_denied', error_description: 'User auth aborted' });
    }
    const p = this.professionals.get(f.login);
    if (!p && details.prompt.name === 'login') return this.showPeople(res, here, details, client);
    const accountId = p ? p.id : details.session.accountId;
    const grant = new this.provider.Grant({ accountId, clientId: client.clientId });
    grant.addOIDCScope(details.params.scope);
    const consent = { grantId: await grant.save() };
    return done(p ? { login: this.login(p, f.acr, client), consent } : { consent });
  }

  // login takes the level that was chosen on the page; one that this person cannot reach counts as their lowest.
  login(p, chosen, client) {
    const acr = p.acr.includes(chosen) ? chosen : p.acr[0];
    this.record('PC_LOGGED_IN', client.clientId, { acr });
    return { accountId: p.id, acr, amr: STRONG.includes(acr) ? [...p.amr, 'otp', 'mfa'] : p.amr };
  }

  async putClient(id, c) {
    await this.clients.put(id, {
      client_id: id, ...authentication(c), client_name: c.name || id,
      redirect_uris: c.redirect_uris, post_logout_redirect_uris: c.post_logout_redirect_uris ?? [],
      scope: c.scope || Object.keys(claimsByScope).join(' '),
      id_token_signed_response_alg: c.id_token_alg || 'RS256',
      // `none` stands for plain JSON, which ProConnect gives to clients registered without an algorithm.
      ...(c.userinfo_alg !== 'none' && { userinfo_signed_response_alg: c.userinfo_alg || 'RS256' }),
      sector_identifier_uri: 'https://sector.invalid/',
    }, { entity: c.entity || id, ttl: c.ttl }, (i) => this.provider.Client.find(i));
  }

  async putProfessional(id, p) {
    if (!p.email || !p.acr?.length || !p.acr.every((acr) => ACR.includes(acr))) throw new Error('a professional needs an email and a list of known acr');
    this.professionals.set(id, { amr: ['pwd'], roles: [], ...p, id });
  }

  async route(req, res) {
    const url = new URL(req.url, this.issuer);
    if (await this.faulty(req, res, url)) return undefined;
    const uid = /^\/interaction\/([^/]+)$/.exec(url.pathname.slice(this.base.length))?.[1];
    if (!uid) return this.handle(req, res);
    try {
      return await this.interaction(req, res, uid);
    } catch (error) {
      this.record('PC_ERROR', undefined, { why: error.message });
      return page(res, 401, { who: WHO, title: 'Session expirée', body: '<div class="error" id="error"><p>Code <span id="code">Y030110</span></p></div>' });
    }
  }
}

function logoutSource(ctx, html) {
  ctx.type = 'html';
  ctx.body = interstitial({ who: WHO, title: 'Déconnexion', action: /action="([^"]+)"/.exec(html)[1], fields: { xsrf: /name="xsrf" value="([^"]+)"/.exec(html)[1], logout: 'yes' } });
}

function postLogoutSuccessSource(ctx) {
  ctx.type = 'html';
  ctx.body = document({ who: WHO, title: 'Vous êtes déconnecté', body: '<p>Vous pouvez fermer cet onglet.</p>' });
}
