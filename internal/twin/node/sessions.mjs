// A server-side object per browser, behind a cookie. The stand-ins have different addresses, hence different cookie jars,
// but when someone runs them all on one address the names still keep them apart.
import { random } from './http.mjs';

export function browserSessions(name, path, seconds = 1800) {
  const all = new Map();
  setInterval(() => { for (const [id, s] of all) if (s.expires < Date.now()) all.delete(id); }, 30_000).unref();
  const pattern = new RegExp(`(?:^|; )${name}=([0-9a-f]{64})(?:;|$)`);

  // With `res` a missing session is created; without it the caller gets undefined.
  return function session(req, res) {
    const id = pattern.exec(req.headers.cookie ?? '')?.[1];
    let found = id ? all.get(id) : undefined;
    if (!found && res) {
      const fresh = random();
      found = {};
      all.set(fresh, found);
      res.appendHeader('set-cookie', `${name}=${fresh}; Path=${path}; HttpOnly; SameSite=Lax`);
    }
    if (found) found.expires = Date.now() + seconds * 1000;
    return found;
  };
}
