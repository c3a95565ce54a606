// SPDX-License-Identifier: Apache-2.0
'use strict';

// All that this page asks goes through here: the public API of the daemon that served it, and nothing else.

const ANSWER_WITHIN = 10000; // ms

/// The daemon refuses, and says why (RFC 9457).
class Problem extends Error {
  constructor(status, said, token) {
    super(printable(said?.detail) || printable(said?.title) || `The daemon answered with status ${status}.`);
    this.status = status;
    this.advice = printable(said?.advice);
    this.candidates = Array.isArray(said?.candidates) ? said.candidates.map(printable) : [];
    this.retryAfter = numberOf(said?.retry_after_seconds);
    this.token = token; // that was sent with what is refused
  }
}

class Unreachable extends Error {
  constructor() {
    super('The daemon does not answer.');
  }
}

const api = {
  token: '', // in memory only, unless the user wants it otherwise (session.js)

  async send(method, path, signal, headers = {}) {
    const token = this.token;
    if (token !== '') headers.Authorization = `Bearer ${token}`;
    // Without cookies: those of other servers on this machine would come along, whatever their port.
    const answer = await fetch(path, {
      method, headers, signal, cache: 'no-store', credentials: 'omit', redirect: 'error',
    });
    if (answer.ok) return answer;
    throw new Problem(answer.status, await answer.json().catch(() => null), token);
  },

  /// The answer's document. Throws a Problem, Unreachable, or what `signal` was aborted with.
  async ask(method, path, signal) {
    const limits = [AbortSignal.timeout(ANSWER_WITHIN)];
    if (signal) limits.push(signal);
    try {
      const answer = await this.send(method, path, AbortSignal.any(limits));
      return await answer.json();
    } catch (error) {
      if (error instanceof Problem || signal?.aborted) throw error;
      throw new Unreachable();
    }
  },
};

/// What is undefined is left out.
function withQuery(path, fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `${path}?${given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

/// Into a node of the class "problem"; with null, nothing is wrong.
function showProblem(node, error) {
  if (error === null) {
    node.replaceChildren();
    return;
  }
  const parts = [make('p', { textContent: error.message })];
  if (error.advice) parts.push(make('p', { textContent: error.advice }));
  if (error.candidates?.length > 0) {
    parts.push(make('ul', {}, ...error.candidates.map((one) => make('li', { textContent: one }))));
  }
  node.replaceChildren(...parts);
}

const POLL_EVERY = 1000; // ms
const POLL_RARELY = 5000; // when it fails on and on

/// Asks again and again, never twice at a time.
class Poll {
  constructor(path, taken, failed) {
    Object.assign(this, { path, taken, failed, on: false, busy: false, again: false, timer: 0, failures: 0 });
  }

  resume() {
    if (this.on) return;
    this.on = true;
    this.now();
  }

  pause() {
    this.on = false;
    clearTimeout(this.timer);
  }

  /// Not before the next second; where an answer is under way, which may be from before, once more after it.
  now() {
    this.again = this.busy;
    if (this.on && !this.busy) this.round();
  }

  async round() {
    clearTimeout(this.timer);
    const began = performance.now();
    const token = api.token;
    this.busy = true;
    try {
      const answer = await api.ask('GET', this.path);
      // Meanwhile somebody may have said that this is not to be seen any more.
      if (this.on && token === api.token) this.taken(answer);
      this.failures = 0;
    } catch (error) {
      this.failures += 1;
      if (this.on) this.failed(error);
    }
    this.busy = false;
    if (!this.on) return;
    if (this.again) {
      this.now();
      return;
    }
    const pause = Math.min(POLL_EVERY * 2 ** Math.max(0, this.failures - 1), POLL_RARELY);
    this.timer = setTimeout(() => this.round(), Math.max(100, pause - (performance.now() - began)));
  }
}
