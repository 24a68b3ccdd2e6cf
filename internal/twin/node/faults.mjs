// Faults that a test sets through the administration: a role that is down or slow, for everybody or for one client.

const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });

export class Faults {
  #all = new Map();

  put(id, fault) { this.#all.set(id, { ...fault, left: fault.times || Infinity }); }

  delete(id) { this.#all.delete(id); }

  // about says whether any fault concerns this role and endpoint: only then is it worth finding out which client calls.
  about(role, endpoint) {
    return [...this.#all.values()].some((f) => f.left > 0 && f.role === role && (!f.endpoint || f.endpoint === endpoint));
  }

  // take returns the answer to give instead of the real one, after the fault's delay, or undefined.
  async take(role, endpoint, client) {
    for (const fault of this.#all.values()) {
      if (fault.left <= 0 || fault.role !== role) continue;
      if (fault.endpoint && fault.endpoint !== endpoint) continue;
      if (fault.client && fault.client !== client) continue;
      fault.left -= 1;
      if (fault.delay_ms) await wait(fault.delay_ms);
      return fault.status ? { status: fault.status } : undefined;
    }
    return undefined;
  }
}
