// The pages between /authorize and the way back to the service.
import { form, redirect } from './http.mjs';
import { button, choices, esc, page, postForm } from './pages.mjs';
import { account, faultsOf } from './identity.mjs';
import { CANCELLED } from './refusals.mjs';

const OWN_PROVIDER = { uid: 'demo-eidas-faible', amr: ['fc', 'pwd'] };

export function interactions(fc) {
  const identified = new Map(); // interaction → { id, amr }
  const refused = new Map(); // interaction → refusal on show

  const finish = (req, res, result) => fc.provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });

  function cancel(req, res, { uid, client }) {
    identified.delete(uid);
    fc.record('FC_CANCELLED', client.clientId);
    return finish(req, res, { error: CANCELLED.error, error_description: CANCELLED.description });
  }

  // refuse shows the page with the code; only when its button is pressed does the service hear of it.
  function refuse(res, { uid, client, here }, refusal) {
    identified.delete(uid);
    refused.set(uid, refusal);
    fc.record('FC_REFUSED', client.clientId, { code: refusal.code, error: refusal.error });
    page(res, refusal.status, {
      who: fc.who, title: 'Connexion impossible',
      body: `<div class="error" id="error"><p>${esc(refusal.text)}</p><p>Code <span id="code">${esc(refusal.code)}</span></p></div>`
        + postForm(`${here}/return`, button('return', '1', `Retourner vers ${client.clientName}`)),
    });
  }

  function returnAfterRefusal(req, res, { uid, client }) {
    const refusal = refused.get(uid) ?? fc.refusal('Y190001');
    refused.delete(uid);
    fc.record('FC_RETURNED', client.clientId, { code: refusal.code, error: refusal.error });
    return finish(req, res, { error: refusal.error, error_description: fc.describe(refusal.description, refusal.code) });
  }

  function identify(res, at, identity, idp) {
    const own = idp === OWN_PROVIDER;
    const wrong = faultsOf({ sub: 'known', ...identity });
    if (wrong.length) return refuse(res, at, fc.refusal('Y020029'));
    const said = own ? identity.refusal : fc.register(identity);
    if (said) return refuse(res, at, fc.refusal(said));
    const { id, content } = account(identity, idp);
    fc.accounts.set(id, content);
    identified.set(at.uid, { id, amr: idp.amr });
    return redirect(res, `${at.here}/consent`);
  }

  function showAccounts(res, { client, here }) {
    const providers = fc.offered(client.clientId).map((p) => button('idp', p.uid, p.title ?? p.uid));
    const people = fc.citizensFor(client.clientId).map(([login, c]) => button('login', login, `${login} : ${c.given_name} ${c.family_name}, ${c.birthdate}`, { plain: true }));
    page(res, 200, {
      who: fc.who, title: `Se connecter à ${client.clientName}`,
      body: postForm(`${here}/choose`, `${providers.length ? `<h2>Choisissez un compte</h2>${choices(providers)}` : ''}<h2>Identités de test</h2>${choices(people)}`)
        + postForm(`${here}/cancel`, button('cancel', '1', `Retourner vers ${client.clientName}`, { plain: true })),
    });
  }

  async function choose(req, res, at) {
    const f = await form(req);
    if (f.idp) return startBroker(req, res, at, f.idp);
    const citizen = fc.citizens[f.login];
    if (!citizen) return showAccounts(res, at);
    return identify(res, at, citizen, OWN_PROVIDER);
  }

  async function startBroker(req, res, at, idp) {
    const { to, code } = await fc.authorizeAtProvider(req, res, at, idp);
    return code ? refuse(res, at, fc.refusal(code)) : redirect(res, to);
  }

  function verify(req, res, at) {
    const outcome = fc.brokerOutcome(req, at.uid);
    if (!outcome) return refuse(res, at, fc.refusal('Y190001'));
    if (outcome.refusal) return refuse(res, at, outcome.refusal);
    return identify(res, at, outcome.identity, outcome.idp);
  }

  function showConsent(res, { client, here, details }, who) {
    const known = fc.accounts.get(who.id);
    page(res, 200, {
      who: fc.who, title: `Continuer vers ${client.clientName}`,
      body: `<p>Vous êtes <strong id="person">${esc(known.given_name)} ${esc(known.family_name)}</strong>.</p><p>Données transmises : ${esc(details.params.scope)}</p>`
        + postForm(`${here}/consent`, `${button('continue', '1', `Continuer vers ${client.clientName}`)} ${button('cancel', '1', `Retourner vers ${client.clientName}`, { plain: true })}`),
    });
  }

  async function consent(req, res, at) {
    // During single sign-on nobody was identified just now: it is the person of the session.
    const session = at.details.session?.accountId;
    const who = identified.get(at.uid) ?? (session && fc.accounts.has(session) ? { id: session } : undefined);
    if (!who) return refuse(res, at, fc.refusal('Y190001'));
    if (req.method === 'GET') return showConsent(res, at, who);
    if ((await form(req)).cancel) return cancel(req, res, at);
    identified.delete(at.uid);
    // FranceConnect writes to the citizen about each login.
    fc.record('FC_NOTIFICATION_SENT', at.client.clientId);
    const grant = new fc.provider.Grant({ accountId: who.id, clientId: at.client.clientId });
    grant.addOIDCScope(at.details.params.scope);
    const login = who.amr ? { login: { accountId: who.id, acr: 'eidas1', amr: who.amr } } : {};
    return finish(req, res, { ...login, consent: { grantId: await grant.save() } });
  }

  async function start(req, res, at) {
    if (at.details.prompt.name === 'consent') return redirect(res, `${at.here}/consent`);
    if (at.details.params.idp_hint) return startBroker(req, res, at, at.details.params.idp_hint);
    return showAccounts(res, at);
  }

  const steps = {
    'GET ': start, 'POST choose': choose, 'GET verify': verify, 'GET consent': consent, 'POST consent': consent,
    'POST cancel': cancel, 'POST return': returnAfterRefusal,
  };

  async function interaction(req, res, uid, step) {
    const details = await fc.provider.interactionDetails(req, res);
    if (details.uid !== uid) throw new Error('another interaction than the one of this browser');
    const run = steps[`${req.method} ${step}`];
    if (!run) return page(res, 404, { who: fc.who, title: 'Page inconnue', body: '<div class="error" id="error"><p>Code <span id="code">Y000404</span></p></div>' });
    const client = await fc.provider.Client.find(details.params.client_id);
    return run(req, res, { uid, details, client, here: `${fc.base}/interaction/${uid}` });
  }
  return { interaction };
}

