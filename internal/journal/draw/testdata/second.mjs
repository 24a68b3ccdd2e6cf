// A second draw of samples, which shares no code with the program, nor its language or its libraries. It was written from docs/samples.md, and
// knows nothing else. That the export is whole another program has to say.
//
//   node second.mjs POLICY CERTIFICATE DIR PLACE [SHARE]       DIR is an export of everything, in JSON Lines
//
// It prints one line of JSON: what is drawn, or why nothing is.
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest();
const fail = (why) => { throw new Error(why); };
const number64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(n)); return b; };
const [policyFile, certificateFile, dir, placeText, given = '-'] = process.argv.slice(2);

// ---- DER, as far as a timestamp needs it (X.690)
function der(b) {
  let at = 2, length = b[1];
  if (length & 0x80) {
    const n = length & 0x7f;
    length = Number(BigInt('0x' + b.subarray(2, 2 + n).toString('hex')));
    at += n;
  }
  return { tag: b[0], whole: b.subarray(0, at + length), body: b.subarray(at, at + length), rest: b.subarray(at + length) };
}

function items(body) {
  const out = [];
  for (let rest = body; rest.length > 0;) {
    const x = der(rest);
    out.push(x);
    rest = x.rest;
  }
  return out;
}

// stamped says what a timestamp is over, when it was given, and what of its signature nobody else can spell otherwise; or null when nobody that the order names has given it.
function stamped(token, authorities, text) {
  const signed = items(der(items(der(token).body)[1].body).body);
  const content = der(items(signed[2].body)[1].body).body; // TSTInfo
  const info = items(der(content).body);
  const imprint = items(info[2].body)[1].body;
  const chain = items(signed.find((x) => x.tag === 0xa0).body).map((x) => new X509Certificate(x.whole));
  const signer = items(items(signed.at(-1).body)[0].body);
  const serial = items(signer[1].body)[1].body.toString('hex').replace(/^(00)+/, '').toUpperCase();
  const attributes = signer.find((x) => x.tag === 0xa0), signature = signer.findLast((x) => x.tag === 0x04).body;
  const leaf = chain.find((c) => c.serialNumber.replace(/^(00)+/, '') === serial);
  const digest = items(attributes.body).map((a) => items(a.body)).find(([oid]) => oid.body.toString('hex') === '2a864886f70d010904'); // messageDigest
  const set = Buffer.concat([Buffer.of(0x31), attributes.whole.subarray(1)]);
  const trusted = leaf && authorities.some((root) => leaf.raw.equals(root.raw) || (leaf.checkIssued(root) && leaf.verify(root.publicKey)));
  if (!trusted || !items(digest[1].body)[0].body.equals(sha256(content)) || !verify('sha256', set, leaf.publicKey, signature) || !imprint.equals(sha256(text))) return null;
  const t = info[4].body.toString().match(/^(....)(..)(..)(..)(..)(..)(\.\d+)?Z$/);
  return { at: Date.UTC(t[1], t[2] - 1, t[3], t[4], t[5], t[6]), fixed: leaf.publicKey.asymmetricKeyType === 'ec' ? items(der(signature).body)[0].body : signature };
}

// ---- whom to trust
const witnesses = new Map(), groups = new Map();
let quorum = 'none';
for (const line of readFileSync(policyFile, 'utf8').split('\n')) {
  const [word, name, ...more] = line.trim().split(/[ \t]+/);
  if (word === 'witness') {
    const [, origin, id, key] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(more[0]);
    witnesses.set(origin + '+' + id, { name, origin, key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key, 'base64').subarray(1).toString('base64url') }, format: 'jwk' }) });
  } else if (word === 'group') groups.set(name, more);
  else if (word === 'quorum') quorum = name;
}
const reached = (name, named) => (groups.has(name) ? groups.get(name).slice(1).filter((m) => reached(m, named)).length >= ({ any: 1, all: groups.get(name).length - 1 }[groups.get(name)[0]] ?? Number(groups.get(name)[0])) : named.includes(name));

// ---- the export
const read = (name) => readFileSync(join(dir, name));
function* lines() {
  for (const file of readdirSync(join(dir, 'entries')).sort()) {
    for (const line of read('entries/' + file).toString().split('\n').slice(0, -1)) yield JSON.parse(line);
  }
}

function* kept() {
  for (const file of readdirSync(join(dir, 'checkpoints')).sort()) {
    const halves = read('checkpoints/' + file).toString().split('\n\n');
    for (let i = 0; i + 1 < halves.length; i += 2) {
      const [origin, size, root] = halves[i].split('\n');
      yield { text: halves[i] + '\n', origin, size: Number(size), root, signatures: halves[i + 1].split('\n') };
    }
  }
}

// cosigned are the cosignatures of all witnesses of the order on a checkpoint, in its sequence; or null.
function cosigned(c, order) {
  const out = order.witnesses.map((id) => {
    const w = witnesses.get(id);
    let best = null;
    for (const line of c.signatures) {
      const m = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line), raw = m && Buffer.from(m[2], 'base64');
      if (!m || m[1] !== w.origin || raw.subarray(0, 4).toString('hex') !== id.slice(-8) || raw.toString('base64') !== m[2]) continue;
      const at = raw.readBigUInt64BE(4);
      if (verify(null, Buffer.from('cosignature/v1\ntime ' + at + '\n' + c.text), w.key, raw.subarray(12)) && (!best || at < best.at)) best = { at, text: m[2] };
    }
    return best;
  });
  return out.every(Boolean) ? out : null;
}

// ---- the rule
function fits(e, p) {
  const d = e.detail ?? {}, list = (x) => (Array.isArray(x) ? x : []);
  const procedures = [d.procedure, ...list(d.procedures), ...list(d.powers).map((x) => x?.procedure)];
  return (!p.actions || p.actions.includes(e.action)) && (!p.organisation || e.organisation === p.organisation) && (!p.procedure || procedures.includes(p.procedure)) &&
    (!p.service || (p.service !== 'unknown' && [d.client, d.service].includes(p.service))) && (!p.since || e.at >= p.since) && (!p.until || e.at < p.until);
}

function draw(place) {
  let order, commitment, said;
  for (const l of lines()) {
    if (l.index === place && l.entry?.action === 'sample.ordered') [order, commitment] = [l.entry.detail, l.commitment];
    if (order && l.index > place && !said && l.entry?.action === 'sample.drawn' && l.entry.detail.sample === order.sample) said = l.entry.detail;
  }
  if (!order) fail('no order');
  const names = order.witnesses.map((id) => witnesses.get(id)?.name ?? fail('quorum'));
  if (quorum === 'none' || new Set(names).size !== names.length || !reached(quorum, names)) fail('quorum');
  const authority = new X509Certificate(readFileSync(certificateFile));
  if (!order.authorities.includes(sha256(authority.raw).toString('hex'))) fail('authority');
  const end = Date.parse(order.ends_at.slice(0, 23) + 'Z'), late = (by) => by.some((c) => Number(c.at) * 1000 > end);
  let a, d;
  for (const c of kept()) {
    if (c.size <= place || d) continue;
    const by = cosigned(c, order);
    if (!by) continue;
    if (!a) {
      a = c;
      if (late(by)) return { lapsed: true };
      continue;
    }
    const file = 'timestamps/' + c.size + '.tsr', stamp = existsSync(join(dir, file)) && stamped(read(file), [authority], c.text);
    if (stamp) d = { ...c, by, stamp };
  }
  if (!a) fail('unwitnessed');
  if (!d) fail('undrawn');
  if (late(d.by) || d.stamp.at > end) return { lapsed: true };
  const share = given === '-' ? said?.share ?? '-' : given;
  if (order.share_sha256 ? sha256(share).toString('hex') !== order.share_sha256 : share !== '-') fail('share');
  const seed = sha256(['mandat-sample-v1', place, commitment, d.origin, d.size, d.root, ...d.by.map((c) => c.text), d.stamp.fixed.toString('base64'), share].map((x) => x + '\n').join(''));
  const population = [];
  for (const l of lines()) if (l.index < place && l.entry && fits(l.entry, order.population)) population.push(l.index);
  const lots = population.map((i) => ({ i, lot: sha256('mandat-sample-v1 place\n', seed, number64(i)) })).sort((x, y) => Buffer.compare(x.lot, y.lot));
  return { witnessed: a.size, size: d.size, population: population.length, sum: sha256('mandat-sample-v1 population\n', ...population.map(number64)).toString('hex'),
    places: lots.slice(0, order.wanted).map((x) => x.i).sort((x, y) => x - y) };
}

let verdict;
try {
  verdict = draw(Number(placeText));
} catch (e) {
  verdict = { why: e.message };
}
console.log(JSON.stringify(verdict));
