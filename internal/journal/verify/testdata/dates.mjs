// The part of the second verifier that is about time: what witnesses (C2SP tlog-cosignature) and an authority (RFC 3161) say of when a
// checkpoint was there, and what that says of the times of entries. It was written from docs/journal.md, and shares no code with the program.
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto';

const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest();
const fail = (why) => { throw new Error(why); };
const HOUR = 3600_000;

// ---- the policy's witnesses and its quorum
export function readWitnesses(text) {
  const witnesses = new Map(), groups = new Map();
  let quorum = 'none';
  for (const line of text.split('\n')) {
    const f = line.trim().split(/[ \t]+/);
    if (f[0] === 'quorum') quorum = f[1];
    if (f[0] === 'group') groups.set(f[1], { want: f[2] === 'all' ? f.length - 3 : f[2] === 'any' ? 1 : Number(f[2]), members: f.slice(3) });
    if (f[0] !== 'witness') continue;
    const [, name, id, key] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(f[2]), raw = Buffer.from(key, 'base64');
    if (raw[0] !== 4 || sha256(name + '\n', raw).subarray(0, 4).toString('hex') !== id) fail('policy: not a key of a witness');
    witnesses.set(f[1], { name, id, key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.subarray(1).toString('base64url') }, format: 'jwk' }) });
  }
  return { witnesses, groups, quorum };
}

// cosignedAt is when the quorum had cosigned, in milliseconds; null: it has not, or none is asked for.
export function cosignedAt(policy, text, lines) {
  if (policy.quorum === 'none') return null;
  const at = new Map();
  for (const line of lines) {
    const [, name, signature] = line.split(' '), b = Buffer.from(signature ?? '', 'base64');
    for (const [known, w] of policy.witnesses) {
      if (name !== w.name || b.subarray(0, 4).toString('hex') !== w.id) continue;
      const time = b.length === 76 ? b.readBigUInt64BE(4) : fail('a cosignature');
      if (!verify(null, Buffer.from('cosignature/v1\ntime ' + time + '\n' + text), w.key, b.subarray(12))) return null;
      if (!at.has(known)) at.set(known, Number(time) * 1000);
    }
  }
  const reached = (name, until) => (policy.groups.has(name)
    ? policy.groups.get(name).members.filter((m) => reached(m, until)).length >= policy.groups.get(name).want
    : at.get(name) <= until);
  return [...at.values()].sort((a, b) => a - b).find((t) => reached(policy.quorum, t)) ?? null;
}

// ---- timestamps
function der(b, at = 0) {
  const tag = b[at];
  let length = b[at + 1], from = at + 2;
  if (length > 127) {
    const n = length & 127;
    length = b.readUIntBE(from, n);
    from += n;
  }
  if (from + length > b.length) fail('DER is cut off');
  return { tag, all: b.subarray(at, from + length), in: b.subarray(from, from + length), next: from + length };
}

function children(v) {
  const out = [];
  for (let at = 0; at < v.in.length;) {
    const c = der(v.in, at);
    out.push(c);
    at = c.next;
  }
  return out;
}

const OID = { data: '2a864886f70d010702', info: '2a864886f70d0109100104', digest: '2a864886f70d010904', certificate: '2a864886f70d010910022f', sha256: '608648016503040201' };
const hex = (v) => v.in.toString('hex');

// stampedAt checks a timestamp over a text by an authority right above whoever signed it, with SHA-256 throughout, and returns its time in milliseconds.
export function stampedAt(token, text, authority) {
  const outer = der(token), [type, content] = children(outer);
  if (outer.next !== token.length || hex(type) !== OID.data) fail('not a timestamp');
  const parts = children(der(content.in)), [infoType, wrapped] = children(parts[2]), info = der(der(wrapped.in).in);
  const [, , imprint, , time] = children(info), [algorithm, sum] = children(imprint);
  if (hex(infoType) !== OID.info || hex(children(algorithm)[0]) !== OID.sha256 || !sum.in.equals(sha256(text))) fail('a timestamp of something else');
  const certificates = children(parts.find((p) => p.tag === 0xa0)), signer = children(children(parts.at(-1))[0]);
  const attributes = signer.find((p) => p.tag === 0xa0), signature = signer.at(-1);
  const values = new Map(children(attributes).map((a) => [hex(children(a)[0]), children(children(a)[1])[0]]));
  if (!values.get(OID.digest).in.equals(sha256(info.all))) fail('a timestamp over something else');
  const named = children(children(children(values.get(OID.certificate))[0])[0]).at(0).in;
  const by = certificates.find((c) => sha256(c.all).equals(named)) ?? fail('a timestamp by another certificate'), leaf = new X509Certificate(by.all);
  const signed = Buffer.concat([Buffer.of(0x31), attributes.all.subarray(1)]);
  if (!verify('sha256', signed, leaf.publicKey, signature.in)) fail('a timestamp with a wrong signature');
  const root = new X509Certificate(authority);
  if (!leaf.checkIssued(root) || !leaf.verify(root.publicKey) || !(leaf.extKeyUsage ?? leaf.keyUsage ?? []).includes('1.3.6.1.5.5.7.3.8')) fail('a timestamp by an authority that is not believed');
  const m = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d+))?Z$/.exec(time.in.toString('latin1'));
  return Date.UTC(+m[1], m[2] - 1, +m[3], +m[4], +m[5], +m[6], Math.floor(1000 * Number('0.' + (m[7] ?? 0))));
}

// ---- entries
const micros = (ms) => new Date(ms).toISOString().replace('Z', '000Z');

export function timeOf(index, body) {
  return /^\{"action":"[^"]*","at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"/.exec(body.toString('latin1'))?.[1] ?? fail('entry ' + index + ' has no time');
}

// checkTimes holds the times of entries, [index, time] in the order of the log, to what is said of checkpoints, {size, times} in the order of their sizes.
export function checkTimes(entries, said) {
  let next = 0, since = null;
  for (const [index, at] of entries) {
    for (; next < said.length && said[next].size <= index; next++) since = Math.max(since ?? 0, ...said[next].times);
    if (since !== null && at < micros(since - HOUR)) fail('entry ' + index + ' is dated before what was there before it');
    if (next < said.length && at > micros(Math.min(...said[next].times) + HOUR)) fail('entry ' + index + ' is dated after it was there');
  }
}
