// Key pairs of the stand-ins, as JWK.
import { createHash, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

const keyPair = promisify(generateKeyPair);
const EC = ['ES256', 'ECDH-ES'];
const ENCRYPTION = ['ECDH-ES', 'RSA-OAEP-256'];

// keyFor makes the private JWK of an algorithm.
export async function keyFor(alg) {
  const { privateKey } = EC.includes(alg) ? await keyPair('ec', { namedCurve: 'P-256' }) : await keyPair('rsa', { modulusLength: 2048 });
  const jwk = privateKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(jwk.x ?? jwk.n).digest('base64url').slice(0, 16);
  return { ...jwk, kid, alg, use: ENCRYPTION.includes(alg) ? 'enc' : 'sig' };
}

// publicPart is what others may see of a JWK.
export const publicPart = ({ kty, kid, alg, use, crv, x, y, n, e }) => ({ kty, kid, alg, use, crv, x, y, n, e });
