// SPDX-License-Identifier: Apache-2.0
'use strict';

// Whether what is shown is what is there: if the daemon answers, if we ask at all.

const link = {
  fails: null, // why nothing is known just now
  at: null, // when what is shown was told
  paused: false,
  locked: false, // until there is a token

  wanted() {
    return !this.paused && !this.locked && document.visibilityState === 'visible';
  },

  answered() {
    const wasAway = this.at !== null && this.fails !== null;
    const first = this.at === null;
    this.fails = null;
    this.at = new Date();
    if (first) this.follow();
    if (wasAway) {
      say(`The daemon answers again, since ${clockText(this.at)}.`);
      eventStream.retry();
      podsPoll.now();
    }
    this.show();
  },

  failed(error) {
    const understood = error instanceof Problem || error instanceof Unreachable;
    if (!understood) console.error(error);
    this.fails = understood ? error.message : 'The answer of the daemon cannot be understood.';
    this.show();
  },

  /// Asks, or leaves the daemon alone. The status goes first: while that is refused, so is all else.
  follow() {
    for (const one of [statusPoll, podsPoll, eventStream]) {
      if (this.wanted() && (one === statusPoll || this.at !== null)) one.resume();
      else one.pause();
    }
    this.show();
  },

  show() {
    const old = this.at !== null && (this.fails !== null || this.paused || this.locked);
    for (const node of [byId('data'), byId('state')]) node.classList.toggle('stale', old);
    setText(byId('as-of'), old ? `as of ${clockText(this.at)}` : '');
    const told = [];
    if (this.fails !== null && this.wanted()) {
      told.push(this.fails.replace(/[.]?$/, '.'));
      if (old) told.push(`What is shown is as of ${clockText(this.at)}.`);
      told.push('It is tried again.');
    }
    setText(byId('banner'), told.join(' '));
    byId('data').hidden = this.at === null;
    byId('locked').hidden = !this.locked;
    byId('pause').setAttribute('aria-pressed', String(this.paused));
  },
};

/// Whatever a read is refused for.
function readFailed(error) {
  if (error.status === 401) session.refused(error);
  else link.failed(error);
}
