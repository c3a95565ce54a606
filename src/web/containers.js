// SPDX-License-Identifier: Apache-2.0
'use strict';

// What is known of each container, poll by poll.

const RATE_OVER = 5500; // ms that a rate of CPU use looks back at most
const RATE_LEAST = 1800; // and at least: the daemon's figures move once a second

class Container {
  constructor() {
    this.pod = null;
    this.name = '';
    this.words = '';
    this.used = NaN;
    this.poll = 0;
    this.shown = null; // its row, once there is one (table.js)
    for (const series of ['seconds', 'rates', 'shares', 'delays']) this[series] = new Float64Array(SLOTS);
    this.forget();
  }

  forget() {
    for (const series of [this.seconds, this.rates, this.shares, this.delays]) series.fill(NaN);
  }

  take(pod, slot) {
    const seconds = numberOf(pod.cpu_seconds);
    const before = numberOf(this.pod?.cpu_seconds);
    // Another cgroup, or counted anew since the scheduler was attached again.
    if (this.pod !== null && (pod.cgroup_id !== this.pod.cgroup_id || seconds < before)) this.forget();
    this.pod = pod;
    this.seconds[slot] = seconds;
    this.used = this.rateAt(slot);
    this.rates[slot] = this.used;
    this.shares[slot] = numberOf(pod.share_cpus);
    // Where nobody waited, the line lies on the ground; where nothing is known, there is none.
    this.delays[slot] = pod.run_delay ? delayUs(pod.run_delay, 'p99_us') || 0 : NaN;
  }

  rateAt(slot) {
    let from = -1;
    for (let back = 1; back < Math.min(ring.count, SLOTS); back += 1) {
      const earlier = slotBefore(back);
      if (ring.at[slot] - ring.at[earlier] > RATE_OVER || Number.isNaN(this.seconds[earlier])) break;
      from = earlier;
    }
    if (from < 0 || ring.at[slot] - ring.at[from] < RATE_LEAST) return NaN;
    return (this.seconds[slot] - this.seconds[from]) / ((ring.at[slot] - ring.at[from]) / 1000);
  }
}

const containers = {
  all: new Map(), // by uid and name, in the daemon's order

  /// True where some came or went.
  take(pods) {
    ring.at[ring.count % SLOTS] = performance.now();
    ring.count += 1;
    const slot = slotBefore(0);
    let moved = false;
    for (const pod of pods) {
      const key = `${pod.uid} ${pod.container}`;
      let one = this.all.get(key);
      if (one === undefined) {
        one = new Container();
        one.name = nameOf(pod);
        one.words = one.name.toLowerCase();
        this.all.set(key, one);
        moved = true;
      }
      one.take(pod, slot);
      one.poll = ring.count;
    }
    for (const [key, one] of this.all) {
      if (one.poll === ring.count) continue;
      this.all.delete(key);
      table.drop(one);
      moved = true;
    }
    return moved;
  },

  clear() {
    for (const one of this.all.values()) table.drop(one);
    this.all.clear();
    table.arrange();
  },
};
