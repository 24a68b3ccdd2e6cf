// A second verifier of the journal, which shares no code with the program, nor its language or its libraries. It was written from
// docs/journal.md, and knows nothing else.
//
//   node second.mjs POLICY DIR [CERTIFICATE]    an export of everything, or of a part; its timestamps too, by the authority of this certificate
//   node second.mjs POLICY PROOF LINE           a proof of one entry
//   node second.mjs                             many of these: each line that it reads is a JSON array of such words
//
// It prints one line of JSON for each: whole, and size and root; or not, and why. Files that are compressed with zstd are read unpacked, from NAME.raw beside them.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { checkTimes, cosignedAt, readWitnesses, stampedAt, timeOf } from './dates.mjs';

const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest();
const leafOf = (commitment) => sha256(Buffer.of(0), commitment);
const node = (l, r) => sha256(Buffer.of(1), l, r);
const fail = (why) => { throw new Error(why); };

// base64 in its one form
function base64(text, length) {
  const b = Buffer.from(text, 'base64');
  if (b.toString('base64') !== text || (length && b.length !== length)) fail('not base64 of ' + length + ' bytes: ' + text);
  return b;
}

function number(text) {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) fail('not a number: ' + text);
  return Number(text);
}

// ---- RFC 6962 section 2.1, as it stands there: from the top, over hashes of equal width
function split(n) {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

function treeHash(hashes, from = 0, to = hashes.length) {
  if (to - from === 0) return sha256();
  if (to - from === 1) return hashes[from];
  const k = split(to - from);
  return node(treeHash(hashes, from, from + k), treeHash(hashes, from + k, to));
}

// RFC 9162 section 2.1.3.2
function included(leaf, index, size, path, root) {
  if (index >= size) return false;
  let fn = BigInt(index), sn = BigInt(size) - 1n, r = leaf;
  for (const p of path) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      r = node(p, r);
      while ((fn & 1n) === 0n && fn !== 0n) { fn >>= 1n; sn >>= 1n; }
    } else r = node(r, p);
    fn >>= 1n; sn >>= 1n;
  }
  return sn === 0n && r.equals(root);
}

// ---- signed notes, and the policy
function readPolicy(text) {
  const keys = [];
  for (const line of text.split('\n')) {
    const f = line.trim().split(/[ \t]+/);
    if (f[0] !== 'log' && f[0] !== 'former') continue;
    const [, name, id, key] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(f[1]);
    const raw = Buffer.from(key, 'base64');
    if (raw[0] !== 1 || sha256(name + '\n', raw).subarray(0, 4).toString('hex') !== id) fail('policy: not an Ed25519 key');
    keys.push({ name, id, end: f[0] === 'former' ? { size: number(f[2]), root: base64(f[3], 32) } : null,
      key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.subarray(1).toString('base64url') }, format: 'jwk' }) });
  }
  return Object.assign(keys, readWitnesses(text));
}

function openCheckpoint(note, keys) {
  const at = note.lastIndexOf('\n\n');
  if (at < 0 || !note.endsWith('\n')) fail('checkpoint: not a note');
  const text = note.slice(0, at + 1), [origin, size, root] = text.split('\n');
  const c = { origin, size: number(size), root: base64(root, 32) };
  let good = false;
  for (const line of note.slice(at + 2, -1).split('\n')) {
    const m = /^\u2014 ([^ ]+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? fail('checkpoint: not a line of a signature');
    for (const k of keys) {
      const b = Buffer.from(m[2], 'base64');
      if (m[1] !== k.name || k.name !== origin || b.subarray(0, 4).toString('hex') !== k.id) continue;
      if (b.toString('base64') !== m[2] || !verify(null, Buffer.from(text), k.key, b.subarray(4))) fail('checkpoint: wrong signature');
      good ||= !k.end || c.size < k.end.size || (c.size === k.end.size && c.root.equals(k.end.root));
    }
  }
  c.witnessed = cosignedAt(keys, text, note.slice(at + 2, -1).split('\n'));
  c.text = text;
  return good ? c : fail('checkpoint: signed by none whose signature counts');
}

// trusted wants enough witnesses on a checkpoint that all else follows from
function trusted(c, keys) {
  if (keys.quorum !== 'none' && c.witnessed === null) fail('the checkpoint is not cosigned by the quorum');
}

// ---- entries
function canonical(v, depth = 1) {
  if (depth > 8) fail('too deep');
  if (Array.isArray(v)) return '[' + v.map((x) => canonical(x, depth + 1)).join() + ']';
  if (v && typeof v === 'object') {
    return '{' + Object.keys(v).sort().map((k) => (/^[a-z0-9_]{1,64}$/.test(k) ? '"' + k + '":' + canonical(v[k], depth + 1) : fail('name of a member'))).join() + '}';
  }
  if (typeof v === 'number') return Number.isSafeInteger(v) && !Object.is(v, -0) ? String(v) : fail('a number');
  if (typeof v === 'boolean') return String(v);
  if (typeof v !== 'string' || v.includes('\u0000') || !v.isWellFormed()) fail('a value');
  const short = { '"': '\\"', '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  return '"' + v.replace(/["\\\u0000-\u001f]/g, (c) => short[c] ?? '\\u00' + c.charCodeAt(0).toString(16).padStart(2, '0')) + '"';
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function entryFits(line) {
  if (!line.salt) return;
  if (!sha256(Buffer.of(1), line.salt, line.body).equals(line.commitment)) fail('entry ' + line.index + ' is not what its commitment is of');
  const text = utf8.decode(line.body);
  if (line.body.length > 65000 || text[0] !== '{' || canonical(JSON.parse(text)) !== text) fail('entry ' + line.index + ' is not canonical');
}

function readLine(b, json) {
  const text = b.toString('latin1');
  const m = json ? /^\{"index":([0-9]+),"commitment":"([^"]{44})"(?:,"salt":"([^"]{44})","entry":(.*))?\}$/s.exec(text) : /^([0-9]+) ([^ ]{44}) (?:- -|([^ ]{44}) (.*))$/s.exec(text);
  if (!m) fail('not a line: ' + text.slice(0, 60));
  return { index: number(m[1]), commitment: base64(m[2], 32), salt: m[3] && base64(m[3], 32), body: m[3] && Buffer.from(m[4], 'latin1') };
}

function* linesOf(bytes, json) {
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at);
    if (end < 0) fail('a line is cut off');
    yield readLine(bytes.subarray(at, end), json);
    at = end + 1;
  }
}

// ---- an export
const FILE = 65536, TILE = 256;

function tilePath(level, index, width) {
  let name = String(index % 1000).padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) name = 'x' + String(rest % 1000).padStart(3, '0') + '/' + name;
  return 'tile/' + level + '/' + name + (width < TILE ? '.p/' + width : '');
}

const hashesOf = (b) => (b.length % 32 ? fail('not hashes') : Array.from({ length: b.length / 32 }, (_, i) => b.subarray(32 * i, 32 * i + 32)));
const equalHashes = (a, b) => a.length === b.length && a.every((h, i) => h.equals(b[i]));
const chunks = (list, n) => Array.from({ length: Math.ceil(list.length / n) }, (_, i) => list.slice(i * n, i * n + n));
const fullRoots = (list) => chunks(list, TILE).filter((c) => c.length === TILE).map((c) => treeHash(c));

function listFiles(dir, below = '') {
  return readdirSync(join(dir, below), { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? listFiles(dir, below + e.name + '/') : [below + e.name])).filter((n) => !n.endsWith('.raw'));
}

class Export {
  constructor(dir, keys, authority) {
    [this.dir, this.keys, this.authority, this.times, this.said, this.stamped] = [dir, keys, authority, [], [], 0];
    this.listed = existsSync(join(dir, 'SHA256SUMS'));
    if (!this.listed && existsSync(join(dir, 'request.json'))) fail('not finished');
    if (this.listed) this.sums();
    this.request = this.listed ? JSON.parse(this.read('request.json')) : { form: 'zst' };
    this.head = openCheckpoint(this.read('checkpoint').toString(), keys);
    trusted(this.head, keys);
    this.size = this.head.size;
    this.files = Math.ceil(this.size / FILE);
  }
  read(name) { return readFileSync(join(this.dir, name)); }
  number(pattern, n) { return pattern.replace('#', String(n).padStart(8, '0')); }
  sums() {
    const lines = this.read('SHA256SUMS').toString();
    const want = lines.split('\n').slice(0, -1).map((l) => l.match(/^([0-9a-f]{64}) {2}(.+)$/) ?? fail('SHA256SUMS'));
    const names = listFiles(this.dir).filter((n) => n !== 'SHA256SUMS').sort();
    if (!lines.endsWith('\n') || want.map((w) => w[2]).join() !== names.join()) fail('other files than SHA256SUMS has');
    for (const [, sum, name] of want) if (sha256(this.read(name)).toString('hex') !== sum) fail(name + ' is another file');
  }
  entries(n) {
    const name = this.number('entries/#.' + this.request.form, n);
    if (!existsSync(join(this.dir, name))) return null;
    return this.read(this.request.form === 'jsonl' ? name : name + '.raw');
  }
  kept(n, first, end) {
    const out = [], text = this.read(this.number('checkpoints/#', n)).toString();
    const halves = text.split('\n\n');
    for (let i = 0; i + 1 < halves.length; i += 2) out.push(openCheckpoint(halves[i] + '\n\n' + halves[i + 1] + '\n', this.keys));
    if (halves.length % 2 !== 1 || halves.at(-1) !== '') fail('a kept checkpoint is cut off');
    let last = first;
    for (const c of out) {
      if (c.origin !== this.head.origin || c.size <= last || c.size > end) fail('a kept checkpoint does not belong here');
      last = c.size;
      this.tell(c);
    }
    return out;
  }
  // what others say of a kept checkpoint
  tell(c) {
    const times = c.witnessed === null ? [] : [c.witnessed], name = 'timestamps/' + c.size + '.tsr';
    if (this.authority && existsSync(join(this.dir, name))) {
      const at = stampedAt(this.read(name), c.text, this.authority);
      if (at < (this.lastStamp ?? 0)) fail('timestamps go back');
      [this.lastStamp, this.stamped] = [at, this.stamped + 1];
      times.push(at);
    }
    if (times.length > 0) this.said.push({ size: c.size, times });
  }
  tile(level, index, width) {
    const t = hashesOf(this.read(tilePath(level, index, width)));
    return t.length === width ? t : fail('a tile of another width');
  }

  // Everything: the leaves give all else.
  whole() {
    const leaves = [], gone = new Set(), kept = [], json = this.request.form !== 'zst';
    for (let n = 0; n < this.files; n++) {
      const bytes = this.entries(n) ?? fail('a file of entries is missing'), first = n * FILE, end = Math.min(first + FILE, this.size);
      for (const line of linesOf(bytes, json)) {
        if (line.index !== leaves.length || line.index >= end) fail('entry ' + leaves.length + ' is missing or moved');
        entryFits(line);
        if (!line.salt) gone.add(line.index);
        else this.accounts(line, gone);
        if (line.salt) this.times.push([line.index, timeOf(line.index, line.body)]);
        leaves.push(leafOf(line.commitment));
      }
      if (leaves.length !== end) fail('entry ' + leaves.length + ' is missing');
      if (!equalHashes(hashesOf(this.read(this.number('hashes/#', n))), leaves.slice(first, end))) fail('the hashes of file ' + n);
      kept.push(...this.kept(n, first, end));
    }
    if (this.entries(this.files)) fail('entries beyond the checkpoint');
    if (gone.size) fail('entry ' + [...gone][0] + ' is gone');
    for (let [level, row] = [1, fullRoots(leaves)]; this.listed && row.length > 0; [level, row] = [level + 1, fullRoots(row)]) {
      chunks(row, TILE).forEach((c, i) => equalHashes(this.tile(level, i, c.length), c) || fail('tile ' + level + ' ' + i));
    }
    const sizes = [0, ...kept.map((c) => c.size), this.size];
    if (sizes.some((s, i) => i > 0 && s - sizes[i - 1] > FILE) || (this.size > 0 && kept.length === 0)) fail('kept checkpoints are missing');
    for (const c of [...kept, this.head]) if (!rootsOf(leaves, c.size).equals(c.root)) fail('the checkpoint of ' + c.size + ' is of other entries');
    return leaves.length;
  }
  accounts(line, gone) {
    const entry = JSON.parse(line.body.toString());
    if (entry.action !== 'citizen.erased' && entry.action !== 'entries.forgotten') return;
    for (const run of entry.detail.forgotten) {
      const [a, b] = run.split('-').map(number);
      for (let i = a; i <= (b ?? a); i++) i < line.index ? gone.delete(i) : fail('names a later entry');
    }
  }

  // A part: each line leads through its tile, the tile over it and that of the files to the root.
  part(from, to) {
    const filtered = this.request.filter !== undefined, json = this.request.form !== 'zst', full = Math.floor(this.size / FILE);
    const roots = chunks(Array(full).fill(0), TILE).flatMap((c, i) => this.tile(2, i, c.length));
    const tiles = Math.floor(this.size / TILE), edge = tiles % TILE ? this.tile(1, full, tiles % TILE) : [];
    const last = this.size % TILE ? this.tile(0, tiles, this.size % TILE) : [];
    const at = (size, fileTiles, leaves) => join3(roots.slice(0, Math.floor(size / FILE)), fileTiles.slice(0, Math.floor(size / TILE) % TILE), leaves.slice(0, size % TILE));
    if (!at(this.size, edge, last).equals(this.head.root)) fail('the tiles do not lead to the root');
    let count = 0;
    for (let n = Math.floor(from / FILE); n * FILE < to; n++) {
      const bytes = this.entries(n);
      if (!bytes && filtered) continue;
      const fileTiles = n < full ? this.tile(1, n, TILE) : edge, hashes = hashesOf(this.read(this.number('hashes/#', n)));
      if (n < full && !treeHash(fileTiles).equals(roots[n])) fail('the tile over file ' + n);
      const given = new Map();
      let next = Math.max(from, n * FILE), used = 0;
      for (const line of linesOf(bytes ?? fail('a file of entries is missing'), json)) {
        if (line.index < next || line.index >= Math.min(to, (n + 1) * FILE) || (!filtered && line.index !== next)) fail('entry ' + next + ' is missing or moved');
        const tile = Math.floor(line.index / TILE);
        if (!given.has(tile)) {
          const width = Math.min(TILE, this.size - tile * TILE), leaves = hashes.slice(used, (used += width));
          if (leaves.length !== width || !(width < TILE ? equalHashes(leaves, last) : treeHash(leaves).equals(fileTiles[tile % TILE]))) fail('tile ' + tile + ' of leaves');
          given.set(tile, leaves);
        }
        entryFits(line);
        if (line.salt) this.times.push([line.index, timeOf(line.index, line.body)]);
        if (!given.get(tile)[line.index % TILE].equals(leafOf(line.commitment))) fail('entry ' + line.index + ' is not in the tree');
        [next, count] = [line.index + 1, count + 1];
      }
      if (used !== hashes.length || (!filtered && next !== Math.min(to, (n + 1) * FILE))) fail('file ' + n + ' is cut off, or has more hashes than lines');
      for (const c of this.kept(n, n * FILE, Math.min((n + 1) * FILE, this.size))) {
        const leaves = given.get(Math.floor((c.size - 1) / TILE)) ?? fail('the tile of a kept checkpoint is not there');
        if (!at(c.size, fileTiles, leaves).equals(c.root)) fail('the checkpoint of ' + c.size + ' is of other entries');
      }
    }
    return count;
  }
  check() {
    const { from = 0, to = this.size, filter } = this.request, end = to === 0 ? this.size : Math.min(to, this.size);
    const count = from === 0 && end === this.size && !filter ? this.whole() : this.part(from, end);
    checkTimes(this.times, this.said);
    if (this.authority && listFiles(this.dir).filter((n) => n.startsWith('timestamps/')).length !== this.stamped) fail('a timestamp of no checkpoint');
    return { whole: true, size: this.size, root: this.head.root.toString('hex'), count };
  }
}

// join3 joins the roots of subtrees of 65,536, 256 and 1 leaves, from left to right.
function join3(files, tiles, leaves) {
  const right = [leaves, tiles, files].filter((l) => l.length > 0).map((l) => perfect(l)).flat(); // from right to left
  return right.length === 0 ? sha256() : right.slice(1).reduce((acc, h) => node(h, acc), right[0]);
}

// perfect gives the roots of the perfect subtrees that a row falls into, from right to left.
function perfect(row) {
  const out = [];
  for (let end = row.length; end > 0;) {
    const width = end & -end;
    out.push(treeHash(row, end - width, end));
    end -= width;
  }
  return out;
}

const known = new WeakMap(); // roots of tiles, so that a thousand checkpoints do not hash everything a thousand times
function rootsOf(leaves, size) {
  if (!known.has(leaves)) known.set(leaves, [fullRoots(leaves)]);
  const [tiles] = known.get(leaves);
  const n = Math.floor(size / TILE), rest = leaves.slice(n * TILE, size);
  return join3([], tiles.slice(0, n), rest);
}

function proof(keys, text, entry) {
  const [head, checkpoint] = [text.slice(0, text.indexOf('\n\n')), text.slice(text.indexOf('\n\n') + 2)];
  const lines = head.split('\n');
  if (lines[0] !== 'c2sp.org/tlog-proof@v1') fail('not a proof');
  const at = lines[1].startsWith('index ') ? 1 : fail('extra data');
  const index = number(lines[at].slice(6)), path = lines.slice(at + 1).map((l) => base64(l, 32)), c = openCheckpoint(checkpoint, keys);
  trusted(c, keys);
  const line = readLine(entry.subarray(0, entry.at(-1) === 10 ? -1 : undefined), false);
  entryFits(line);
  if (line.index !== index || !included(leafOf(line.commitment), index, c.size, path, c.root)) fail('the tree does not hold it there');
  return { whole: true, size: c.size, root: c.root.toString('hex'), count: 1 };
}

function verdict([policy, path, beside]) {
  try {
    const keys = readPolicy(readFileSync(policy, 'utf8'));
    return statSync(path).isDirectory() ? new Export(path, keys, beside && readFileSync(beside)).check() : proof(keys, readFileSync(path, 'utf8'), readFileSync(beside));
  } catch (e) {
    return { whole: false, why: e.message };
  }
}
const answer = (question) => console.log(JSON.stringify(verdict(question)));
if (process.argv.length > 2) answer(process.argv.slice(2));
else createInterface({ input: process.stdin }).on('line', (line) => answer(JSON.parse(line)));
