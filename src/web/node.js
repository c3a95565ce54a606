// SPDX-License-Identifier: Apache-2.0
'use strict';

// The node and the scheduler: what "mus-scheduler status" prints.

function sourceText(source) {
  let text = printable(source?.name) || 'none';
  const age = durationText(numberOf(source?.age_seconds));
  if (age !== '') text += `, asked ${age} ago`;
  if (source?.last_error) text += `; ${printable(source.last_error)}`;
  if (source?.note) text += `; ${printable(source.note)}`;
  return text;
}

function sourceRows(status) {
  const sources = Array.isArray(status.sources) ? status.sources : [];
  if (sources.length < 2) {
    return [['pods from', sourceText(status.pods_source), Boolean(status.pods_source?.last_error)]];
  }
  const rows = sources.some((source) => source.in_use) ? [] : [['pods from', 'none so far', true]];
  for (const source of sources) {
    const failed = Boolean(source.last_error);
    const spare = failed ? 'not from' : 'in reserve';
    rows.push([source.in_use ? 'pods from' : spare, sourceText(source), failed]);
  }
  return rows;
}

function enforcedRows(enforced) {
  const all = Object.entries(enforced ?? {});
  const yes = all.filter(([, value]) => value === true).map(([name]) => printable(name));
  const rows = [['enforced', yes.join(', ') || 'none', false]];
  for (const [name, value] of all) {
    if (value !== true) rows.push(['not enforced', `${printable(name)}, ${printable(value)}`, true]);
  }
  return rows;
}

function ejectionText(scheduler) {
  const ejection = scheduler.last_ejection;
  let text = printable(ejection.kind);
  if (ejection.reason) text += `, ${printable(ejection.reason)}`;
  if (ejection.message) text += ` (${printable(ejection.message)})`;
  const age = durationText(numberOf(ejection.age_seconds));
  return `${text}, ${age} ago; ${printable(scheduler.ejections)} since start`;
}

/// None where nobody has made any.
function rulesRows(rules) {
  if (!rules || (rules.count === 0 && !rules.trouble)) return [];
  const sum = (name) => (rules.states ?? []).reduce((all, rule) => all + (rule[name] ?? 0), 0);
  const unmet = sum('unmet');
  let text = `${printable(rules.count)}, ${rules.paused ? 'PAUSED' : `acting ${sum('acting')}`}`;
  if (unmet > 0) text += `, targets not met ${unmet}`;
  if (rules.trouble) text += `; the file is not in force as it is: ${printable(rules.trouble)}`;
  return [['rules', text, Boolean(rules.paused || rules.trouble || unmet > 0)]];
}

/// [title, text, is that trouble?]
function nodeRows(status) {
  const scheduler = status.scheduler ?? {};
  const rows = [['scheduler', stateLine(scheduler), scheduler.state !== 'attached']];
  const next = durationText(numberOf(scheduler.next_attempt_in_seconds));
  if (next !== '') rows.push(['next attempt', `in ${next}`, false]);
  if (scheduler.last_ejection) rows.push(['last ejection', ejectionText(scheduler), true]);
  rows.push(...enforcedRows(status.enforced));
  if (status.limits?.cgroups > 0) {
    const { cgroups, forced, pardons } = status.limits;
    rows.push(['limits', `${cgroups} cgroup(s), ${throttledText(status.limits)} of their periods throttled, ` +
      `${forced} forced turn(s), ${pardons} pardon(s)`, false]);
  }
  rows.push(...sourceRows(status));
  if (status.state_file?.trouble) rows.push(['boosts\' file', printable(status.state_file.trouble), true]);
  rows.push(...rulesRows(status.rules));
  rows.push(['kernel', printable(status.kernel), false]);
  rows.push(['version', `${printable(status.version)}, up ${durationText(numberOf(status.uptime_seconds))}`, false]);
  return rows;
}

function showState(scheduler) {
  const next = durationText(numberOf(scheduler?.next_attempt_in_seconds));
  setText(byId('state'), stateLine(scheduler) + (next === '' ? '' : `; next attempt in ${next}`));
  const attached = scheduler?.state === 'attached';
  byId('state').classList.toggle('good', attached && !scheduler.dry_run);
  byId('state').classList.toggle('trial', attached && scheduler.dry_run === true);
  byId('state').classList.toggle('bad', !attached);
}

/// In place while the titles are the same: somebody may be reading, or have selected something.
function showNode(status) {
  showState(status.scheduler);
  const list = byId('node');
  const rows = nodeRows(status);
  const titles = rows.map(([title]) => title).join('\n');
  if (list.dataset.titles !== titles) {
    list.dataset.titles = titles;
    list.replaceChildren(...rows.map(([title]) => make('div', {}, make('dt', { textContent: title }), make('dd'))));
  }
  rows.forEach(([, text, trouble], i) => {
    const shown = list.children[i].lastElementChild;
    setText(shown, text);
    shown.classList.toggle('trouble', trouble);
  });
}

function clearNode() {
  setText(byId('state'), 'not known yet');
  byId('state').className = 'state';
  byId('node').replaceChildren();
  byId('node').dataset.titles = '';
}
