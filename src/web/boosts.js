// SPDX-License-Identifier: Apache-2.0
'use strict';

// The boosts that stand, and taking one back.

const boosts = new Map(); // by id: { boost, row, cells }

function boostRow(boost) {
  const cells = {};
  const row = make('tr', { role: 'row' },
    make('th', { scope: 'row', role: 'rowheader', textContent: printable(boost.id) }));
  for (const [name, label, className] of [
    ['target', 'Target', 'wide'],
    ['weight', 'Weight', ''],
    ['limit', 'Limit', ''],
    ['state', 'State', 'wide standing'],
    ['left', 'Left', ''],
  ]) {
    cells[name] = make('span');
    row.append(tableCell(label, className, cells[name]));
  }
  const target = targetText(boost.target);
  // What a pod declares, its annotation takes back; what a rule sets, the rule.
  const owner = boost.declared ? 'declared by it' : boost.rule ? `rule ${printable(boost.rule)}` : '';
  const action = owner !== ''
    ? make('span', { className: 'help', textContent: owner })
    : make('button', { type: 'button', textContent: 'Reset', 'aria-label': `Reset ${printable(boost.id)}: ${target}` });
  row.append(tableCell('', 'act', action));
  return { boost, row, cells };
}

function standingText(boost) {
  let text = printable(boost.state);
  if (boost.pending) text += `: ${printable(boost.pending)}`;
  const count = boost.applied?.length ?? 0;
  if (count > 1) text += ` to ${count} cgroups`;
  return boost.note ? `${text}; ${printable(boost.note)}` : text;
}

function showBoosts(list) {
  for (const [id, shown] of boosts) {
    if (list.some((boost) => boost.id === id)) continue;
    boosts.delete(id);
    removeGently(shown.row, byId('boosts-title'));
  }
  for (const boost of list) {
    if (!boosts.has(boost.id)) {
      const made = boostRow(boost);
      boosts.set(boost.id, made);
      byId('boosts').append(made.row);
    }
    const shown = boosts.get(boost.id);
    shown.boost = boost;
    setText(shown.cells.target, targetText(boost.target));
    setText(shown.cells.weight, printable(boost.weight));
    setText(shown.cells.limit, liftedText(boost));
    setText(shown.cells.state, standingText(boost));
    setText(shown.cells.left, durationText(numberOf(boost.expires_in_seconds)) || '-');
  }
  byId('boosts-table').hidden = list.length === 0;
  byId('no-boosts').hidden = list.length > 0;
}

/// The fields of a DELETE: exactly those that name this target. A process is kept as the cgroup that it was in.
function fieldsOf(target) {
  const names = target.kind === 'pod' ? ['pod', 'namespace', 'container', 'uid', 'label', 'all'] : [target.kind];
  return Object.fromEntries(names.filter((name) => target[name] !== undefined).map((name) => [name, target[name]]));
}

/// A DELETE takes back every boost that agrees with all that it names: of a whole pod, those of its containers, too.
function agrees(fields, boost) {
  const { all, ...named } = fields;
  return !boost.declared && !boost.rule && Object.entries(named).every(([name, value]) => boost.target?.[name] === value);
}

const resetDialog = {
  fields: null,
  busy: false,

  begin() {
    byId('boosts').addEventListener('click', (event) => {
      const row = event.target.closest('button') && event.target.closest('tr');
      const found = [...boosts.values()].find((shown) => shown.row === row);
      if (found) this.open(found.boost);
    });
    byId('reset-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.apply();
    });
  },

  open(boost) {
    this.fields = fieldsOf(boost.target);
    const taken = [...boosts.values()].map((shown) => shown.boost).filter((one) => agrees(this.fields, one));
    setText(byId('reset-title'), `Reset ${printable(boost.id)}?`);
    byId('reset-list').replaceChildren(...taken.map((one) => make('li', {
      textContent: `${printable(one.id)}: ${targetText(one.target)}, weight ${printable(one.weight)}`,
    })));
    showProblem(byId('reset-problem'), null);
    byId('reset-dialog').showModal();
  },

  async apply() {
    if (this.busy) return;
    this.busy = true;
    try {
      const { removed } = await api.ask('DELETE', withQuery('/prioritize', this.fields));
      byId('reset-dialog').close();
      say(removed.map((boost) => `took back ${printable(boost.id)}: ${targetText(boost.target)}`).join('; '));
    } catch (error) {
      writeFailed(error, byId('reset-problem'));
    }
    this.busy = false;
    statusPoll.now();
    podsPoll.now();
  },
};

/// Where the dialog was closed meanwhile, the page tells of it.
function writeFailed(error, place) {
  if (error instanceof Unreachable) error.advice = 'Whether it was done, the list of boosts shows once it answers.';
  if (place.closest('dialog').open) showProblem(place, error);
  else say(`${error.message} ${error.advice ?? ''}`.trim());
  if (error.status === 401) session.refused(error, true);
}
