// SPDX-License-Identifier: Apache-2.0
'use strict';

// GET /events, read as it comes: an EventSource cannot send the token.

const EVENTS_KEPT = 100;
const SILENCE = 40000; // ms; the daemon sends something every 15 s
const LONGEST_LINE = 256 * 1024;
const RETRY_FIRST = 1000; // ms
const RETRY_LAST = 30000;
const TELL_AFTER = 3000; // ms: what happens at the same time is read out as one

function whomText(event) {
  const named = event.namespace || event.pod || event.container || event.cgroup_path;
  return [printable(event.boost), named ? nameOf(event) : ''].filter((part) => part !== '').join(' ');
}

function eventText(event) {
  const whom = whomText(event);
  return `${whom === '' ? '' : `${whom}: `}${printable(event.message)}`;
}

/// "gap" has no time: it is told now.
function eventItem(event) {
  const at = event.time ? new Date(event.time) : new Date();
  const time = Number.isNaN(at.getTime())
    ? make('time', { textContent: '-' })
    : make('time', { dateTime: at.toISOString(), title: at.toLocaleString(), textContent: clockText(at) });
  return make('li', {}, time, make('span', { className: 'kind', textContent: printable(event.kind) }),
    make('span', { className: 'text', textContent: eventText(event) }));
}

/// Done, or not wanted any more.
function pauseFor(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

/// Makes events of the bytes of a stream.
class EventReader {
  constructor(add) {
    Object.assign(this, { add, decoder: new TextDecoder(), rest: '', data: [], lastId: '' });
  }

  take(bytes) {
    const lines = (this.rest + this.decoder.decode(bytes, { stream: true })).split('\n');
    this.rest = lines.pop();
    if (this.rest.length > LONGEST_LINE) throw new Error('a line of the event stream does not end');
    for (const line of lines) this.line(line.endsWith('\r') ? line.slice(0, -1) : line);
  }

  line(line) {
    if (line === '') {
      if (this.data.length > 0) this.add(this.data.join('\n'));
      this.data = [];
      return;
    }
    const colon = line.indexOf(':'); // in front: a comment, such as a heartbeat
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') this.lastId = value;
    else if (field === 'data') this.data.push(value);
  }
}

const eventStream = {
  stop: null, // of the reading that goes on
  live: false,
  lastId: '',
  fresh: [], // to be shown
  untold: [], // to be read out
  showing: 0,
  telling: 0,
  quietUntil: 0,

  resume() {
    if (this.stop !== null) return;
    this.stop = new AbortController();
    this.run(this.stop.signal);
  },

  pause() {
    this.stop?.abort();
    this.stop = null;
    this.setLive(false, 'not connected');
  },

  /// The daemon is back: no reason to wait.
  retry() {
    if (this.stop === null || this.live) return;
    this.pause();
    this.resume();
  },

  clear() {
    this.lastId = '';
    this.fresh = [];
    this.untold = [];
    byId('events').replaceChildren();
    setText(byId('announcer'), '');
  },

  setLive(live, text) {
    this.live = live;
    setText(byId('events-state'), text);
  },

  async run(signal) {
    let pause = RETRY_FIRST;
    while (!signal.aborted) {
      let atLeast = 0;
      let why = 'The stream has ended.';
      try {
        await this.read(signal, () => { pause = RETRY_FIRST; });
      } catch (error) {
        if (signal.aborted) return;
        if (error.status === 401) session.refused(error);
        if (error instanceof Problem) why = error.message;
        if (error.retryAfter > 0) atLeast = error.retryAfter * 1000;
      }
      if (signal.aborted) return;
      this.setLive(false, `not connected: ${why} It is tried again.`);
      await pauseFor(Math.max(pause, atLeast), signal);
      pause = Math.min(pause * 2, RETRY_LAST);
    }
  },

  async read(signal, came) {
    const over = new AbortController();
    let silence = setTimeout(() => over.abort(), SILENCE);
    const resumes = this.lastId !== '';
    try {
      const answer = await api.send('GET', resumes ? '/events' : '/events?since=0',
        AbortSignal.any([signal, over.signal]), resumes ? { 'Last-Event-ID': this.lastId } : {});
      this.setLive(true, 'live');
      // What was before this page is shown, not read out.
      if (!resumes) this.quietUntil = performance.now() + RETRY_FIRST;
      const reader = new EventReader((data) => this.add(data));
      const body = answer.body.getReader();
      for (;;) {
        const { done, value } = await body.read();
        if (done) return;
        clearTimeout(silence);
        silence = setTimeout(() => over.abort(), SILENCE);
        came();
        reader.take(value);
        if (reader.lastId !== '') this.lastId = reader.lastId;
      }
    } finally {
      clearTimeout(silence);
      over.abort();
    }
  },

  add(data) {
    let event = null;
    try {
      event = JSON.parse(data);
    } catch {
      return;
    }
    if (event === null || typeof event !== 'object') return;
    this.fresh.push(event);
    if (this.showing === 0) this.showing = setTimeout(() => this.show(), 100);
  },

  /// A thousand that come at once are one change of the page.
  show() {
    this.showing = 0;
    const fresh = this.fresh.slice(-EVENTS_KEPT);
    this.fresh = [];
    const list = byId('events');
    list.prepend(...fresh.map(eventItem).reverse());
    while (list.children.length > EVENTS_KEPT) list.lastElementChild.remove();
    if (performance.now() < this.quietUntil) return;
    this.untold.push(...fresh);
    if (this.telling === 0) this.telling = setTimeout(() => this.tell(), TELL_AFTER);
  },

  tell() {
    this.telling = 0;
    const last = this.untold.at(-1);
    if (last === undefined) return;
    const many = this.untold.length > 1 ? `${this.untold.length} events, the latest: ` : '';
    setText(byId('announcer'), `${many}${printable(last.kind)} ${eventText(last)}`);
    this.untold = [];
  },
};
