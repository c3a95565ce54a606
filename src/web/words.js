// SPDX-License-Identifier: Apache-2.0
'use strict';

// The API's figures in the words of the command line (src/cli/text.cpp, explain_text.cpp). What is missing is shown as
// missing: the daemon may be of another version.

const WEIGHT_ONE = 1024; // of whoever has no boost

// What ends lines or turns the direction of writing could make one name look like another.
const STRANGE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function printable(value) {
  return value === null || value === undefined ? '' : String(value).replace(STRANGE, '?');
}

/// NaN where it is none.
function numberOf(value) {
  return typeof value === 'number' ? value : NaN;
}

function fixed(value, digits) {
  return Number.isFinite(value) ? value.toFixed(digits) : '-';
}

/// The two largest units say enough.
function durationText(seconds) {
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  let rest = Math.floor(seconds);
  let text = '';
  let units = 0;
  for (const [length, unit] of [[86400, 'd'], [3600, 'h'], [60, 'm'], [1, 's']]) {
    const count = Math.floor(rest / length);
    rest %= length;
    if (count === 0 || units === 2) continue;
    text += count + unit;
    units += 1;
  }
  return text;
}

function clockText(date) {
  const two = (number) => String(number).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function targetText(target) {
  const parts = [];
  for (const name of ['pod', 'namespace', 'container', 'uid', 'label', 'cgroup', 'unit', 'pid', 'all']) {
    const value = printable(target?.[name]);
    if (value !== '') parts.push(`${name}=${value}`);
  }
  return parts.join(' ');
}

/// "shop/redis-1/server", or the cgroup's path.
function nameOf(who) {
  const parts = [who?.namespace, who?.pod, who?.container].map(printable).filter((part) => part !== '');
  if (parts.length > 0) return parts.join('/');
  return printable(who?.cgroup_path) || `cgroup ${printable(who?.cgroup_id) || '?'}`;
}

/// "0.5": CPUs.
function limitCpus(limit) {
  return limit?.period_us > 0 ? limit.quota_us / limit.period_us : NaN;
}

function limitText(limit) {
  const cpus = limitCpus(limit);
  return Number.isFinite(cpus) ? String(Number(cpus.toFixed(3))) : '-';
}

/// Of the periods in which something ran, the part that ended with tasks waiting.
function throttledPart(limits) {
  return limits?.periods > 0 ? limits.throttled_periods / limits.periods : NaN;
}

function throttledText(limits) {
  const percent = throttledPart(limits) * 100;
  if (!Number.isFinite(percent)) return '-';
  return percent > 0 && percent < 1 ? '<1%' : `${percent.toFixed(0)}%`;
}

/// Of a run_delay; NaN where nobody has waited of late.
function delayUs(delay, which) {
  return delay?.waits > 0 ? numberOf(delay[which]) : NaN;
}

function delayText(us) {
  if (!Number.isFinite(us)) return '-';
  return us < 1000 ? `${us.toFixed(0)}us` : `${(us / 1000).toFixed(us < 10000 ? 1 : 0)}ms`;
}

/// Asked for, and what came of it: another boost, set later, may have decided otherwise.
function liftedText(boost) {
  const asked = boost.ignore_limit === true;
  const applied = boost.applied ?? [];
  const lifted = applied.filter((one) => one.limits_lifted_from).length;
  if (!asked && lifted === 0) return '-';
  if (asked && applied.length === 0) return 'to lift';
  return asked && lifted === applied.length ? 'lifted' : `lifted ${lifted}/${applied.length}`;
}

function stateLine(scheduler) {
  if (scheduler?.state === 'attached') {
    return scheduler.dry_run ? 'dry run (nothing is attached, policies are kept in memory)' : 'attached';
  }
  const reason = printable(scheduler?.reason);
  return printable(scheduler?.state) + (reason === '' ? '' : `: ${reason}`);
}

/// As the command line says it after "prioritize".
function boostedText(answer) {
  const boost = answer.boost ?? {};
  const pending = printable(boost.pending);
  let text = 'boosted ';
  if (answer.dry_run) text = 'would boost ';
  else if (answer.replaced) text = 'replaced: ';
  else if (pending !== '') text = 'accepted: ';
  text += `${targetText(boost.target)} to weight ${printable(boost.weight)}`;
  if (boost.ignore_limit) text += ' without limits';
  const left = durationText(numberOf(boost.expires_in_seconds));
  if (left !== '') text += ` for ${left}`;
  if (boost.id) text += ` (${printable(boost.id)})`;
  return pending === '' ? text : `${text}; pending: ${pending}`;
}
