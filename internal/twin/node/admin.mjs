// The administration: registers clients, identity providers, people and services, sets faults, tells what happened. It
// listens on a port of its own that only the starter knows, and wants the secret of the ready line.
//   PUT, DELETE  /KIND/ID      KIND as in `kinds` below, body: JSON
//   GET          /events       ?client=ID&after=N
//   GET          /direct/told/ID   what a direct service was told
//   GET          /franceconnect/told/UID   what an identity provider told FranceConnect last
import { timingSafeEqual } from 'node:crypto';
import { json, text } from './http.mjs';

const sameText = (a, b) => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

export function admin({ secret, fc, pc, service, direct, faults, events }) {
  const kinds = {
    'franceconnect/clients': { put: (id, v) => fc.putClient(id, v), delete: (id) => fc.clients.delete(id) },
    'franceconnect/providers': { put: (id, v) => fc.putProvider(id, v), delete: (id) => fc.providers.delete(id) },
    'franceconnect/citizens': { put: (id, v) => { fc.citizens[id] = v; }, delete: (id) => delete fc.citizens[id] },
    'proconnect/clients': { put: (id, v) => pc.putClient(id, v), delete: (id) => pc.clients.delete(id) },
    'proconnect/professionals': { put: (id, v) => pc.putProfessional(id, v), delete: (id) => pc.professionals.delete(id) },
    'service/services': { put: (id, v) => service.put(id, v), delete: (id) => service.delete(id) },
    'direct/services': { put: (id, v) => direct.put(id, v), delete: (id) => direct.delete(id) },
    faults: { put: (id, v) => faults.put(id, v), delete: (id) => faults.delete(id) },
  };

  return async function route(req, res) {
    if (!sameText(req.headers.authorization ?? '', `Bearer ${secret}`)) return json(res, 401, { error: 'the secret of the ready line is wanted' });
    const url = new URL(req.url, 'http://admin.invalid');
    if (req.method === 'GET' && url.pathname === '/events') return json(res, 200, events.list(url.searchParams));
    const [, kind, id] = /^\/(.+)\/([^/]+)$/.exec(url.pathname) ?? [];
    if (req.method === 'GET' && kind === 'franceconnect/told') return json(res, 200, fc.toldBy.get(decodeURIComponent(id)) ?? {});
    if (req.method === 'GET' && kind === 'direct/told') return json(res, 200, direct.told(decodeURIComponent(id)) ?? {});
    if (!kinds[kind] || !['PUT', 'DELETE'].includes(req.method)) return json(res, 404, { error: 'unknown' });
    try {
      if (req.method === 'PUT') await kinds[kind].put(decodeURIComponent(id), JSON.parse(await text(req)));
      else await kinds[kind].delete(decodeURIComponent(id));
      return json(res, 200, {});
    } catch (error) {
      return json(res, 400, { error: error.error_description ?? error.message });
    }
  };
}

// Events name clients, providers and codes, never a person.
export class Events {
  #all = [];
  #next = 1;

  record = (what, client, more) => {
    this.#all.push({ n: this.#next++, at: new Date().toISOString(), what, client, ...more });
    if (this.#all.length > 10_000) this.#all.shift();
  };

  list(q) {
    const after = Number(q.get('after') ?? 0);
    return this.#all.filter((e) => e.n > after && (!q.get('client') || e.client === q.get('client')));
  }
}
