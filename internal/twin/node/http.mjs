// The little HTTP that every role needs: no framework.
import { randomBytes } from 'node:crypto';
import { parse } from 'node:querystring';

// 32 bytes in hex: what FranceConnect itself sends as state and nonce.
export const random = () => randomBytes(32).toString('hex');

export const redirect = (res, to) => res.writeHead(303, { location: String(to), 'cache-control': 'no-store' }).end();

export const json = (res, status, value) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

export async function text(req) {
  const parts = [];
  let size = 0;
  for await (const part of req) {
    size += part.length;
    if (size > 65_536) throw new Error('request body over 64 KiB');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

// form reads a posted form once and leaves it in req.body, where oidc-provider looks when the stream is already spent.
// Repeated fields stay arrays, so that the library still sees and refuses them.
export async function form(req) {
  req.body ??= parse(await text(req));
  return req.body;
}

export function withParams(uri, params) {
  const url = new URL(uri);
  for (const [name, value] of Object.entries(params)) if (value !== undefined && value !== null) url.searchParams.set(name, value);
  return url.href;
}
