// The way out of FranceConnect: first at the identity provider that was used, then here, then back to the service.
import { random } from './http.mjs';
import { document, interstitial, page } from './pages.mjs';

export function logout(fc) {
  // The library asks for a page with its own form; what is in that form is kept until the identity provider sends back.
  async function logoutSource(ctx, html) {
    const own = { action: /action="([^"]+)"/.exec(html)[1], xsrf: /name="xsrf" value="([^"]+)"/.exec(html)[1] };
    const to = await atProvider(fc.session(ctx.req), own);
    if (to) {
      ctx.status = 303;
      ctx.redirect(to);
      return;
    }
    ctx.type = 'html';
    ctx.body = leave(own);
  }

  async function atProvider(session, own) {
    const p = session?.idp && fc.providers.get(session.idp.uid);
    if (!p) return undefined;
    const client = await fc.clientAt(p).catch(() => undefined);
    if (!client?.issuer.end_session_endpoint) return undefined;
    session.leaving = { ...own, state: random() };
    const to = new URL(client.endSessionUrl({ id_token_hint: session.idp.id_token, state: session.leaving.state, post_logout_redirect_uri: `${fc.issuer}/client/logout-callback` }));
    to.searchParams.delete('client_id'); // the library adds it, FranceConnect takes it out
    return to.href;
  }

  function logoutCallback(req, res, q) {
    const session = fc.session(req);
    if (!session?.leaving || session.leaving.state !== q.get('state')) {
      return page(res, 400, { who: fc.who, title: 'Erreur', body: '<div class="error" id="error"><p>Code <span id="code">Y020022</span></p></div>' });
    }
    const own = session.leaving;
    delete session.leaving;
    delete session.idp;
    fc.record('FC_IDP_LOGGED_OUT', undefined);
    return res.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(leave(own));
  }

  const leave = ({ action, xsrf }) => interstitial({ who: fc.who, title: 'Déconnexion', action, fields: { xsrf, logout: 'yes' } });

  const loggedOutPage = (ctx) => { ctx.type = 'html'; ctx.body = document({ who: fc.who, title: 'Vous êtes déconnecté', body: '<p>Vous pouvez fermer cet onglet.</p>' }); };

  return { logoutSource, logoutCallback, loggedOutPage };
}
