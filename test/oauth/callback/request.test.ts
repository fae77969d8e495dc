import { expect, test } from 'vitest';
import { judgeRequest } from '../../../src/oauth/callback/request.ts';

const STATE = 'Zm9vYmFyYmF6cXV4MTIzNDU2';
const HOST = '127.0.0.1:41873';
const EXPECTED = { redirectUri: `http://${HOST}/callback`, state: STATE };
const RIGHT = { method: 'GET', target: `/callback?code=a&state=${STATE}`, hosts: [HOST] };

test('the right request, and which page each answer shows', () => {
  const shown = (query: string): unknown =>
    judgeRequest({ ...RIGHT, target: `/callback?${query}&state=${STATE}` }, EXPECTED);
  expect(shown('code=a')).toMatchObject({ status: 200, page: 'consented', answer: { kind: 'code' } });
  expect(shown('error=access_denied')).toMatchObject({ page: 'denied', answer: { kind: 'denied' } });
  expect(shown('error=server_error')).toMatchObject({ page: 'failed', answer: { kind: 'error' } });
});

test.each([
  [421, { hosts: [] }],
  [421, { hosts: ['evil.example'] }],
  [421, { hosts: ['evil.example:41873'] }],
  [421, { hosts: ['localhost:41873'] }],
  [421, { hosts: ['[::1]:41873'] }],
  [421, { hosts: ['127.0.0.1'] }],
  [421, { hosts: ['127.0.0.1:41874'] }],
  [421, { hosts: [HOST, HOST] }],
  [421, { hosts: [`${HOST},${HOST}`] }],
  [405, { method: 'HEAD' }],
  [405, { method: 'POST' }],
  [405, { method: 'OPTIONS' }],
  [405, { method: 'get' }],
  [405, { method: undefined }],
  [404, { target: '/favicon.ico' }],
  [404, { target: undefined }],
  [404, { target: '' }],
  [404, { target: '*' }],
  [404, { target: '//' }],
  [404, { target: `//${HOST}${RIGHT.target}` }],
  [404, { target: `http://${HOST}${RIGHT.target}` }],
  [404, { target: `/x/..${RIGHT.target}` }],
  [404, { target: `/${RIGHT.target}` }],
  [404, { target: RIGHT.target.replace('callback', '%63allback') }],
  [404, { target: RIGHT.target.replace('callback', 'callback/') }],
  [400, { target: '/callback' }],
  [400, { target: `${RIGHT.target}#` }],
  [400, { target: `${RIGHT.target}&a=%` }],
  [400, { target: `${RIGHT.target}0` }],
])('%i for %j', (status, part) => {
  expect(judgeRequest({ ...RIGHT, ...part }, EXPECTED)).toEqual({ status, page: 'refused' });
});

test('on port 80 a browser leaves the port out', () => {
  const expected = { redirectUri: 'http://127.0.0.1/callback', state: STATE };
  expect(judgeRequest({ ...RIGHT, hosts: ['127.0.0.1'] }, expected).status).toBe(200);
});

test('on ::1 the address stands in brackets', () => {
  const expected = { redirectUri: 'http://[::1]:41873/callback', state: STATE };
  expect(judgeRequest({ ...RIGHT, hosts: ['[::1]:41873'] }, expected).status).toBe(200);
});
