// SPDX-License-Identifier: Apache-2.0
'use strict';

// The last minute of each container, and small graphs of it. A poll writes one slot of rings that all share the times.

const SLOTS = 64; // one a second, and a few to spare
const SPAN = 60000; // ms that a graph shows
const HOLE = 5000; // a longer silence is a gap in the line
const GRAPH = { width: 100, height: 24 };

const ring = { count: 0, at: new Float64Array(SLOTS) };

const slotBefore = (back) => (ring.count - 1 - back + SLOTS) % SLOTS;

/// Calls `visit(slot, age)` from the oldest that a graph shows to the latest.
function eachSlot(visit) {
  const now = ring.at[slotBefore(0)];
  for (let back = Math.min(ring.count, SLOTS) - 1; back >= 0; back -= 1) {
    const slot = slotBefore(back);
    const age = now - ring.at[slot];
    if (age <= SPAN) visit(slot, age);
  }
}

function peakOf(values) {
  let peak = NaN;
  eachSlot((slot) => {
    if (!(values[slot] <= peak) && !Number.isNaN(values[slot])) peak = values[slot];
  });
  return peak;
}

function pathOf(values, peak) {
  let path = '';
  let last = NaN;
  eachSlot((slot, age) => {
    if (Number.isNaN(values[slot])) return;
    const x = GRAPH.width * (1 - age / SPAN);
    const y = GRAPH.height - 1 - (GRAPH.height - 2) * (values[slot] / peak);
    path += `${last - age <= HOLE ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    last = age;
  });
  return path;
}

class Sparkline {
  constructor(what) {
    this.what = what;
    this.first = drawn('path', { 'vector-effect': 'non-scaling-stroke' });
    this.second = drawn('path', { class: 'second', 'vector-effect': 'non-scaling-stroke' });
    this.node = drawn('svg', {
      class: 'spark', role: 'img', viewBox: `0 0 ${GRAPH.width} ${GRAPH.height}`, preserveAspectRatio: 'none',
    });
    const ground = { class: 'ground', d: `M0 ${GRAPH.height}H${GRAPH.width}`, 'vector-effect': 'non-scaling-stroke' };
    this.node.append(drawn('path', ground), this.second, this.first);
  }

  /// `least` is the smallest peak that fills the height: noise is not to look like load.
  draw(values, others, least, words) {
    const peak = peakOf(values);
    const both = others === null ? [peak] : [peak, peakOf(others)];
    const top = Math.max(least, ...both.filter(Number.isFinite));
    this.first.setAttribute('d', pathOf(values, top));
    if (others !== null) this.second.setAttribute('d', pathOf(others, top));
    const text = Number.isNaN(peak) ? 'nothing known' : `up to ${words(peak)}`;
    this.node.setAttribute('aria-label', `${this.what} of the last minute: ${text}`);
  }
}
