#!/usr/bin/env node
// Checks the version of Node before anything native is loaded: without Node-API 10 (Node 20, 22.12, 22.13)
// better-sqlite3 13 and argon2 0.45 end in a segmentation fault. This file is ES5, so that an old Node can
// say which one it needs.
// biome-ignore-all lint/style/useTemplate: not in ES5
// biome-ignore-all lint/complexity/useArrowFunction: not in ES5
'use strict';

/** The first with Node-API 10; the same as "engines" in package.json, which a test compares. */
var NEEDED = '22.14';

/** The development dependency `node`: a clone has it, an installed package doesn't. */
var PINNED = __dirname + '/../node_modules/node/bin/node' + (process.platform === 'win32' ? '.exe' : '');

var DIST = __dirname + '/../dist/';

if (Number(process.versions.napi) >= 10) {
  start();
} else if (parseInt(process.versions.node, 10) >= 16) {
  require('./hand-over.js').handOver(PINNED, refuseNode);
} else {
  refuseNode();
}

function start() {
  if (process.env.NODE_DEBUG) return startQuietly();
  if (process.argv.length === 3 && process.argv[2] === '--version') return printVersion();
  var program = load();
  if (program === undefined) return;
  program.main(process.argv.slice(2), program.liveContext(process)).then(function (code) {
    // All is written and closed by now. Taking down an engine that is thrown away would take another 2 ms.
    process.exit(code);
  });
}

/**
 * With NODE_DEBUG=stream Node prints what comes through stdin and sockets, secrets included, and once it runs it can't
 * be told otherwise: so the same begins anew without it. `execve` leaves no descriptor open but the first three, and
 * isn't everywhere.
 */
function startQuietly() {
  delete process.env.NODE_DEBUG;
  var named = /^--passphrase-fd|\/dev\/fd\//m.test(process.argv.join('\n'));
  if (named || !process.execve || process.platform === 'win32')
    return require('./hand-over.js').handOver(process.execPath, refuseNode);
  var words = [process.execPath].concat(process.execArgv, process.argv.slice(1));
  process.execve(process.execPath, words, process.env);
}

/** Here, since it needs nothing of the program: loading that takes longer than starting Node. */
function printVersion() {
  try {
    require('node:fs').writeSync(1, require('../package.json').version + '\n');
  } catch (error) {
    if (error.code !== 'EPIPE')
      refuse('output_failed', 'the answer could not be written (' + error.code + ')');
  }
}

function load() {
  try {
    return require('./load.js').load(DIST + 'keywright.cjs', DIST + cacheFor(process.argv));
  } catch (error) {
    if (process.env.KEYWRIGHT_DEBUG === '1') throw error;
    refuse(
      'unexpected',
      'not installed completely: ' +
        (error.code === 'ENOENT' ? 'dist/keywright.cjs is missing' : String(error.message).split('\n')[0]),
      'in a clone run npm ci, else install it again',
    );
    return undefined;
  }
}

/** A code cache is read as a whole, so what is run most gets one that holds no more than it needs. */
function cacheFor(argv) {
  return /^keys? (list|ls|verify)$/.test(argv.slice(2, 4).join(' '))
    ? 'keywright-reads.cache'
    : 'keywright.cache';
}

function refuseNode() {
  var message = 'needs Node.js ' + NEEDED + ' or newer, this is ' + process.versions.node;
  refuse('node_too_old', message, 'get it from https://nodejs.org');
}

/** Says in one line what failed, or as JSON when that was asked for; `hint` may be left out. */
function refuse(code, message, hint) {
  var asJson = process.argv.indexOf('--json') !== -1;
  var json = JSON.stringify({ error: { code: code, message: message, hint: hint || null } });
  process.stderr.write((asJson ? json : 'keywright: ' + message + (hint ? '; ' + hint : '')) + '\n');
  process.exitCode = 1;
}
