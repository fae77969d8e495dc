'use strict';

const { spawn } = require('node:child_process');
const { fstatSync } = require('node:fs');
const { constants } = require('node:os');

/**
 * Runs this very command under another Node and ends as it ends: same exit code, or same signal.
 * `refuse` is called when that Node can't be started.
 */
exports.handOver = function handOver(node, refuse) {
  let child;
  // Before there is a child: a Ctrl-C between its start and ours would end only this process.
  passSignals((signal) => child.kill(signal));
  child = spawn(node, process.argv.slice(1), { stdio: inherited() });
  child.on('error', refuse);
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    // The shell is to see what ended the command. The exit code is for a signal that doesn't end us.
    process.exitCode = 128 + constants.signals[signal];
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
};

/** stdin, stdout, stderr, and the descriptors that the command line names: `--passphrase-fd 3`, `/dev/fd/63`. */
function inherited() {
  const named = process.argv.join('\n').matchAll(/(?:^--passphrase-fd[=\n]|\/dev\/fd\/)(\d{1,4})$/gm);
  const stdio = ['inherit', 'inherit', 'inherit'];
  for (const [, number] of named) {
    const fd = Number(number);
    if (fd < 3 || !isOpen(fd)) continue;
    while (stdio.length < fd) stdio.push('ignore');
    stdio[fd] = fd;
  }
  return stdio;
}

function isOpen(fd) {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

function passSignals(pass) {
  if (process.platform === 'win32') return;
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGCONT', 'SIGWINCH']) {
    process.on(signal, () => pass(signal));
  }
  // A terminal sends these two to every process in the foreground, so the child has them already; twice
  // would be "give up at once". Without a terminal only this process can pass them on.
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ['SIGINT', 'SIGQUIT']) {
    process.on(signal, () => onTerminal || pass(signal));
  }
  process.on('SIGTSTP', function stop() {
    pass('SIGTSTP');
    // A shell waits for this process to stop, not for the child. By SIGTSTP and not by SIGSTOP: where nobody
    // could wake it again, the kernel stops neither. SIGCONT wakes both.
    process.removeListener('SIGTSTP', stop);
    process.kill(process.pid, 'SIGTSTP');
    process.on('SIGTSTP', stop);
  });
}
