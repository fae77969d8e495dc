import { createHmac } from 'node:crypto';
import type { AuditSealer } from '../domain/ports/secrets.ts';
import type { OperatorKeys } from './keys.ts';

/** Seals audit heads and anchor marks: HMAC-SHA-256, each under a key of its own. */
export function auditSealer({ audit, anchor }: Pick<OperatorKeys, 'audit' | 'anchor'>): AuditSealer {
  return {
    seal(seq, hash) {
      const number = Buffer.alloc(8);
      number.writeBigUInt64BE(BigInt(seq));
      return createHmac('sha256', audit).update(number).update(hash).digest();
    },
    anchorMac: (body) => createHmac('sha256', anchor).update(body).digest(),
  };
}
