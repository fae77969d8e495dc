import { safeUrl } from '../domain/apps/app.ts';
import { Failure } from '../errors.ts';
import { field, type JsonObject, readObject, textField } from './json.ts';
import { oneLine } from './one-line.ts';
import { readError } from './token-answer.ts';
import { hostOf } from './transport/trouble.ts';
import { requireJson, type Shape } from './transport/wire.ts';

/** RFC 8628 section 3.2, in seconds. */
const USUAL_INTERVAL = 5;
/** Nobody sits at a terminal for longer, in seconds. */
const LONGEST_WAIT = 3600;
const LONGEST_CODE = 64;

/** What a device endpoint answered, read and typed. */
export interface Started {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  readonly verificationUriComplete: string | undefined;
  readonly expiresIn: number;
  readonly interval: number;
}

/** The library sees of an answer what we have read and typed, as RFC 8628 writes it. */
export function deviceShape(endpoint: string, keep: (started: Started) => void): Shape {
  return {
    answer: (answer) => {
      const object = readObject(answer.body);
      const said = object === undefined ? undefined : readError(object, { failure: 'status' });
      if (said !== undefined) {
        return {
          status: 400,
          body: JSON.stringify({ error: said.error, error_description: said.description }),
        };
      }
      if (answer.status >= 300) return { status: answer.status, body: '' };
      requireJson(answer, endpoint);
      const started = readStarted(object ?? {}, hostOf(endpoint));
      keep(started);
      const { deviceCode, userCode, verificationUri, expiresIn } = started;
      return {
        status: 200,
        body: JSON.stringify({
          device_code: deviceCode,
          user_code: userCode,
          verification_uri: verificationUri,
          expires_in: expiresIn,
        }),
      };
    },
  };
}

/** An interval that isn't above zero is as good as none; one that is longer than the code lives is kept to. */
function readStarted(object: JsonObject, host: string): Started {
  const refuse = (what: string): Failure =>
    new Failure('provider_failed', `the device answer of ${host} ${what}`);
  const deviceCode = textField(object, 'device_code') ?? '';
  if (!/^[\x20-\x7e]{1,4096}$/.test(deviceCode)) throw refuse('holds no device code');
  const userCode = oneLine(textField(object, 'user_code') ?? '', LONGEST_CODE);
  if (userCode === '') throw refuse('holds no code to type');
  const expiresIn = field(object, 'expires_in');
  if (typeof expiresIn !== 'number' || !(expiresIn >= 0)) throw refuse('does not say when it expires');
  const interval = field(object, 'interval');
  const complete = textField(object, 'verification_uri_complete');
  return {
    deviceCode,
    userCode,
    // Google's name of it is older than the RFC.
    verificationUri: requireUrl(
      textField(object, 'verification_uri') ?? textField(object, 'verification_url') ?? '',
      refuse,
    ),
    verificationUriComplete: complete === undefined ? undefined : requireUrl(complete, refuse),
    expiresIn: Math.min(expiresIn, LONGEST_WAIT),
    interval: typeof interval === 'number' && interval > 0 ? interval : USUAL_INTERVAL,
  };
}

function requireUrl(text: string, refuse: (what: string) => Failure): string {
  const url = safeUrl(text);
  if ('reason' in url) throw refuse(`holds an address to open that ${url.reason}`);
  return url.href;
}
