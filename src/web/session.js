// SPDX-License-Identifier: Apache-2.0
'use strict';

// The token: asked for when the daemon wants it, kept in memory, and in this tab's storage where the user says so.

const TOKEN_KEY = 'mus-scheduler-token';

/// Browsers can be told to have no storage: then there is none.
function tabStorage(use) {
  try {
    return use(window.sessionStorage) ?? '';
  } catch {
    return '';
  }
}

const session = {
  trying: false,

  begin() {
    this.set(tabStorage((storage) => storage.getItem(TOKEN_KEY)));
    byId('token-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.use(byId('token').value.trim());
    });
    byId('unlock').addEventListener('click', () => this.ask());
    byId('forget').addEventListener('click', () => this.forget());
  },

  set(token) {
    api.token = token;
    byId('forget').hidden = token === '';
  },

  drop() {
    this.set('');
    tabStorage((storage) => storage.removeItem(TOKEN_KEY));
  },

  /// `problem` is a 401. Where reads need no token, only what writes asks for one, and reading goes on.
  refused(problem, wrote = false) {
    if (problem.token !== api.token || this.trying) return; // another one is in use, or being tried, by now
    const wrong = api.token !== '';
    this.drop();
    if (!wrote) link.locked = true;
    const path = /content of (.+), or use/.exec(problem.advice);
    if (path !== null) setText(byId('token-file'), path[1]);
    this.ask(wrong ? `The token is wrong. ${problem.message}` : '');
    link.follow();
  },

  ask(trouble = '') {
    this.tell(trouble);
    const dialog = byId('token-dialog');
    if (!dialog.open) dialog.showModal();
    byId('token').focus();
  },

  tell(trouble) {
    setText(byId('token-problem'), trouble);
    byId('token').setAttribute('aria-invalid', String(trouble !== ''));
  },

  async use(token) {
    if (this.trying) return;
    if (!/^[!-~]+$/.test(token)) {
      this.ask('A token is letters, digits and signs, without spaces.');
      return;
    }
    this.trying = true;
    api.token = token;
    let refused = null;
    try {
      await api.ask('GET', '/status');
    } catch (error) {
      // Any other refusal comes after the token was looked at, and the page tells of it.
      if (error.status === 401 || error instanceof Unreachable) refused = error;
    }
    this.trying = false;
    if (refused !== null) {
      api.token = '';
      this.ask(refused.status === 401 ? `The token is wrong. ${refused.message}` : refused.message);
      byId('token').select();
      return;
    }
    this.set(token);
    if (byId('token-keep').checked) tabStorage((storage) => storage.setItem(TOKEN_KEY, token));
    byId('token').value = '';
    byId('token-dialog').close();
    link.locked = false;
    link.follow();
    if (byId('boost-dialog').open) boostDialog.preview();
  },

  /// Also of what was read with it.
  forget() {
    this.drop();
    link.locked = true;
    link.follow();
    link.locked = link.paused = false;
    link.at = null;
    link.fails = null;
    clearNode();
    containers.clear();
    showBoosts([]);
    eventStream.clear();
    say('The token is forgotten.');
    link.follow();
  },
};
