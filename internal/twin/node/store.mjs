// Storage of one OpenID provider. The library's own memory adapter is one LRU of 1,000 entries shared by every provider of
// the process, so two roles would evict each other's sessions; and it cannot add clients while running, which tests need.

export function store(clients) {
  const items = new Map();
  const sessionByUid = new Map();
  setInterval(() => {
    for (const [key, item] of items) {
      if (item.until > Date.now()) continue;
      items.delete(key);
      sessionByUid.delete(item.payload.uid);
    }
  }, 10_000).unref();

  return class Store {
    constructor(model) { this.model = model; }

    key(id) { return `${this.model}:${id}`; }

    async upsert(id, payload, seconds = 3600) {
      if (this.model === 'Session') sessionByUid.set(payload.uid, id);
      items.set(this.key(id), { payload, until: Date.now() + seconds * 1000 });
    }

    async find(id) { return this.model === 'Client' ? clients.get(id)?.metadata : items.get(this.key(id))?.payload; }

    async findByUid(uid) { return this.find(sessionByUid.get(uid)); }

    async consume(id) { items.get(this.key(id)).payload.consumed = Math.floor(Date.now() / 1000); }

    async destroy(id) { items.delete(this.key(id)); }

    // Only this model: interactions carry a grantId too, and must not vanish in the middle of a change of person.
    async revokeByGrantId(grantId) {
      for (const [key, item] of items) if (key.startsWith(`${this.model}:`) && item.payload.grantId === grantId) items.delete(key);
    }
  };
}
