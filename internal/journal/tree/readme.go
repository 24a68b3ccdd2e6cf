package tree

// exportReadme goes into every export. A test runs its program.
const exportReadme = `This folder is a copy of the journal of Mandat, or of a part of it: one entry for each act, in the order of the log.

  checkpoint            the signed root of the tree over all entries (C2SP tlog-checkpoint, a signed note)
  request.json          which entries were asked for: from an index on, to before another, with a filter; without these: all
  entries/NNNNNNNN.zst  65,536 entries a file, lines of text compressed with zstd; or .jsonl, .jsonl.zst: JSON Lines
  hashes/NNNNNNNN       the leaves of the tree as the log has them, 32 bytes an entry; of a part: those tiles of 256 that hold the entries
  checkpoints/NNNNNNNN  the signed checkpoints that were kept while those entries were added
  timestamps/SIZE.tsr   what an authority says of when the checkpoint of a tree of this size was there (RFC 3161, DER)
  tile/L/N              the tree above the leaves (C2SP tlog-tiles); of a part: as far as it leads to the root
  SHA256SUMS            the files, for "sha256sum -c SHA256SUMS": shows accidents, and proves nothing
  policy                whose signature was trusted when this was made: do not take it from here on trust
  log.vkey              the log's public keys as the exporting server states them: do not take them from here on trust.
                        One with a size and a root behind it signed trees of at most so many entries

A line is:  index  commitment  salt  entry
  commitment = base64 of SHA-256( byte 01, the 32 bytes of salt, the bytes of entry )
  salt is base64; entry is JSON with sorted members and no blanks, hashed byte for byte as it stands
  "- -" instead of salt and entry: the time of this entry was over, it was deleted; its place in the tree stays
In JSON Lines the same four are the members index, commitment, salt and entry; the last two are absent when the time is over.
The tree is that of RFC 6962 with the 32 bytes of each commitment as a leaf.

With the program:   mandat journal verify --policy FILE .
The policy file names the public key that you were given by somebody you trust, not by this folder:
  log VKEY
  quorum none

Without the program, a whole copy in lines of text, in JavaScript (Node), from standard input, and compare with the third line of "checkpoint":
  zstd -dc entries/*.zst | node check.mjs

import { createHash } from 'node:crypto';
const sha = (...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest();
const [zero, one] = [Buffer.from([0]), Buffer.from([1])], b64 = s => Buffer.from(s, 'base64'), peaks = [];
let n = 0, rest = '';
for await (const chunk of process.stdin.setEncoding('latin1')) for (const line of (rest + chunk).split(/(?<=\n)/)) {
  if (!line.endsWith('\n')) { rest = line; break; } else rest = '';
  const [index, commitment, salt] = line.split(' ', 3), entry = line.slice(index.length + commitment.length + salt.length + 3, -1);
  if (+index !== n++ || (salt !== '-' && !sha(one, b64(salt), Buffer.from(entry, 'latin1')).equals(b64(commitment)))) throw 'entry ' + index + ' does not fit';
  let node = sha(zero, b64(commitment));
  for (let i = n; i % 2 === 0; i /= 2) node = sha(one, peaks.pop(), node);
  peaks.push(node);
}
console.log(n, peaks.reduceRight((right, left) => sha(one, left, right)).toString('base64'));
`
