// Starts the stand-ins and their administration. The first line of standard input is the configuration (JSON, or an
// empty line); when standard input ends, so does this program: it never outlives who started it. When everything listens
// it prints one line of JSON that begins with {"ready":true.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { FranceConnect } from './franceconnect.mjs';
import { ProConnect } from './proconnect.mjs';
import { PublicService } from './service.mjs';
import { DirectServices } from './direct.mjs';
import { keyFor } from './keys.mjs';
import { Events, admin } from './admin.mjs';
import { Faults } from './faults.mjs';
import { citizens } from './citizens.mjs';
import { random } from './http.mjs';
import { page } from './pages.mjs';

// Other addresses than Mandat's are other sites for a browser, as in life. (Cookies ignore ports.)
const HOSTS = { franceconnect: '127.0.0.2', proconnect: '127.0.0.3', service: '127.0.0.4', direct: '127.0.0.6', admin: '127.0.0.1' };

async function readConfig() {
  const lines = createInterface({ input: process.stdin, terminal: false });
  lines.on('close', () => process.exit(0));
  return new Promise((done) => { lines.once('line', (line) => done(line.trim() ? JSON.parse(line) : {})); });
}

// The port is part of the issuer, so a server listens first and gets its role afterwards.
function listen(host, port = 0) {
  return new Promise((done, failed) => {
    const server = createServer((req, res) => {
      Promise.resolve(server.role.route(req, res)).catch((error) => {
        console.error(error);
        if (!res.headersSent) page(res, 500, { who: 'Démonstration', title: 'Erreur', body: '<p id="error">Erreur imprévue.</p>' });
      });
    });
    server.role = { route: (_, res) => { res.writeHead(503).end(); } };
    server.once('error', failed);
    server.listen(port, host, () => { server.origin = `http://${host}:${server.address().port}`; done(server); });
  });
}

const keysFor = (...algs) => Promise.all(algs.map(keyFor));

const config = await readConfig();
const [fcServer, pcServer, serviceServer, directServer, adminServer, fcKeys, pcKeys, encryptionKeys] = await Promise.all([
  listen(HOSTS.franceconnect, config.franceconnect?.port), listen(HOSTS.proconnect, config.proconnect?.port),
  listen(HOSTS.service, config.service?.port), listen(HOSTS.direct, config.direct?.port), listen(HOSTS.admin),
  keysFor('ES256', 'RS256'), keysFor('ES256', 'RS256'), keysFor('ECDH-ES', 'RSA-OAEP-256'),
]);

const events = new Events();
const faults = new Faults();
const shared = { faults, record: events.record };
const fc = new FranceConnect({ ...shared, issuer: `${fcServer.origin}/api/v2`, keys: fcKeys, encryptionKeys, citizens: { ...citizens }, codesInErrors: config.franceconnect?.codes_in_errors });
const pc = new ProConnect({ ...shared, issuer: `${pcServer.origin}/api/v2`, keys: pcKeys });
const service = new PublicService({ origin: serviceServer.origin, fc });
const direct = new DirectServices({ origin: directServer.origin });

for (const c of config.franceconnect?.clients ?? []) await fc.putClient(c.client_id, c);
for (const p of config.franceconnect?.providers ?? []) await fc.putProvider(p.uid, p);
for (const c of config.franceconnect?.citizens ?? []) fc.citizens[c.login] = c;
for (const c of config.proconnect?.clients ?? []) await pc.putClient(c.client_id, c);
for (const p of config.proconnect?.professionals ?? []) await pc.putProfessional(p.id || p.email, p);
for (const s of config.service?.services ?? []) await service.put(s.id, s);
for (const s of config.direct?.services ?? []) await direct.put(s.id, s);

const secret = random();
adminServer.role = { route: admin({ secret, fc, pc, service, direct, faults, events }) };
fcServer.role = fc;
pcServer.role = pc;
serviceServer.role = service;
directServer.role = direct;

console.log(JSON.stringify({ ready: true, franceconnect: fc.issuer, proconnect: pc.issuer, service: service.origin, direct: direct.origin, admin: adminServer.origin, secret }));
