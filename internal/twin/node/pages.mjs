// HTML of the stand-ins: small pages that work without a script, and no logo of the State on them.

export const esc = (s) => String(s ?? '').replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const STYLE = `
body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff}
header{background:#4b2a6b;color:#fff;padding:.75rem 1rem}
header p{margin:0 auto;max-width:44rem}
main{max-width:44rem;margin:0 auto;padding:1rem}
button{font:inherit;color:#fff;background:#24478f;border:0;border-radius:.25rem;padding:.6rem 1rem;min-height:2.75rem;margin:.25rem 0;text-align:left;cursor:pointer}
button.plain{color:#24478f;background:#fff;box-shadow:inset 0 0 0 1px #24478f}
button:focus-visible,select:focus-visible,a:focus-visible{outline:3px solid #b8860b;outline-offset:2px}
select{font:inherit;min-height:2.75rem}
ul.choices{list-style:none;padding:0}
ul.choices>li{margin:.5rem 0}
.error{border-left:4px solid #b3261e;padding-left:1rem}
label{display:block}
dd{overflow-wrap:anywhere}`;

// page answers with a whole document. `who` names the role in the banner that says this is not the real thing.
export function page(res, status, { who, title, body, script = '' }) {
  res.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    .end(document({ who, title, body, script }));
}

export const document = ({ who, title, body, script = '' }) => `<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${esc(title)} – ${esc(who)}</title><style>${STYLE}</style></head>
<body><header><p><strong>${esc(who)}</strong> : doublure de démonstration, sans lien avec le service réel. Aucune donnée réelle.</p></header>
<main><h1>${esc(title)}</h1>
${body}
</main>${script}</body></html>`;

export const postForm = (action, inner) => `<form method="post" action="${esc(action)}">${inner}</form>`;

export const button = (name, value, label, { plain = false, id = '' } = {}) =>
  `<button name="${esc(name)}" value="${esc(value)}"${plain ? ' class="plain"' : ''}${id ? ` id="${esc(id)}"` : ''}>${esc(label)}</button>`;

export const hidden = (name, value) => `<input type="hidden" name="${esc(name)}" value="${esc(value)}">`;

export const choices = (items) => `<ul class="choices">${items.map((item) => `<li>${item}</li>`).join('\n')}</ul>`;

// interstitial is a page that a browser with scripts submits by itself; without them the person presses its button.
// The button has no name on purpose: the form may go to a client, which must receive nothing but what the protocol says.
export const interstitial = ({ who, title, action, fields }) => document({
  who, title,
  body: postForm(action, `${Object.entries(fields).map(([name, value]) => hidden(name, value)).join('')}<button id="continue">Continuer</button>`),
  script: '<script>document.forms[0].submit()</script>',
});
