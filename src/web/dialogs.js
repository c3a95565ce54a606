// SPDX-License-Identifier: Apache-2.0
'use strict';

// Boosting: what it would change is shown before it is done. What is wrong with the input the daemon says itself, so
// that its rules are written once.

const PREVIEW_AFTER = 300; // ms without another key

function effectsTable(effects) {
  const heads = ['Loses', 'CPUs before', 'After', 'Request'].map((text, i) => make('th', {
    scope: 'col', textContent: text, className: i === 0 ? '' : 'number',
  }));
  const rows = effects.map((effect) => make('tr', {},
    make('th', { scope: 'row', textContent: nameOf(effect) }),
    ...[effect.cpus_before, effect.cpus_after, effect.request].map((cpus) => make('td', {
      className: 'number', textContent: fixed(cpus, 2),
    }))));
  return make('table', {}, make('thead', {}, make('tr', {}, ...heads)), make('tbody', {}, ...rows));
}

/// As the command line prints it after "prioritize --dry-run".
function previewParts(answer) {
  const lines = [boostedText(answer)];
  if (answer.replaced) lines.push(`This replaces ${printable(answer.boost?.id)}.`);
  if (answer.note) lines.push(printable(answer.note));
  if (answer.forecast) lines.push(`no forecast: ${printable(answer.forecast)}`);
  const effects = answer.effects ?? [];
  if (!answer.forecast && effects.length === 0) lines.push('Nobody loses what is used now.');
  const parts = lines.map((textContent) => make('p', { textContent }));
  if (effects.length > 0) parts.push(effectsTable(effects));
  for (const one of answer.below_request ?? []) {
    const text = `below its request: ${nameOf(one)} gets ${fixed(one.cpus_after, 2)} of the ` +
      `${fixed(one.request, 2)} CPUs that it requests, ${fixed(one.short_by, 2)} too few`;
    parts.push(make('p', { className: 'warning', textContent: text }));
  }
  for (const warning of answer.warnings ?? []) {
    parts.push(make('p', { className: 'warning', textContent: `warning: ${printable(warning)}` }));
  }
  return parts;
}

const boostDialog = {
  pod: null, // the row of GET /pods that it is about
  timer: 0,
  asking: null, // to take back the question of a preview that is not wanted any more
  busy: false,

  begin() {
    const form = byId('boost-form');
    form.addEventListener('input', () => this.previewSoon());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.apply();
    });
    byId('boost-dialog').addEventListener('close', () => this.stopAsking());
    for (const button of document.querySelectorAll('dialog .close')) {
      button.addEventListener('click', () => button.closest('dialog').close());
    }
  },

  open(pod) {
    this.pod = pod;
    byId('boost-form').reset();
    byId('boost-weight').value = '4096';
    byId('boost-ttl').value = '10m';
    setText(byId('boost-title'), `Boost ${nameOf(pod)}`);
    setText(byId('boost-container'), printable(pod.container));
    setText(byId('boost-pod'), nameOf({ namespace: pod.namespace, pod: pod.pod }));
    showProblem(byId('boost-problem'), null);
    byId('boost-preview').replaceChildren();
    byId('boost-dialog').showModal();
    this.preview();
  },

  fields() {
    const whole = byId('boost-form').elements.what.value === 'pod';
    return {
      namespace: this.pod.namespace,
      pod: this.pod.pod,
      container: whole ? undefined : this.pod.container,
      weight: byId('boost-weight').value.trim(),
      ttl: byId('boost-ttl').value.trim() || undefined,
    };
  },

  stopAsking() {
    clearTimeout(this.timer);
    this.asking?.abort();
  },

  previewSoon() {
    this.stopAsking();
    showProblem(byId('boost-problem'), null);
    this.timer = setTimeout(() => this.preview(), PREVIEW_AFTER);
  },

  async preview() {
    this.stopAsking();
    this.asking = new AbortController();
    const { signal } = this.asking;
    const place = byId('boost-preview');
    try {
      const answer = await api.ask('POST', withQuery('/prioritize', { ...this.fields(), dry_run: true }), signal);
      if (!signal.aborted) place.replaceChildren(...previewParts(answer));
    } catch (error) {
      if (signal.aborted) return;
      const told = make('div', { className: 'problem' });
      showProblem(told, error);
      place.replaceChildren(told);
      if (error.status === 401) session.refused(error, true);
    }
  },

  async apply() {
    if (this.busy) return;
    this.busy = true;
    try {
      const answer = await api.ask('POST', withQuery('/prioritize', this.fields()));
      byId('boost-dialog').close();
      say(boostedText(answer));
    } catch (error) {
      writeFailed(error, byId('boost-problem'));
    }
    this.busy = false;
    statusPoll.now();
    podsPoll.now();
  },
};
