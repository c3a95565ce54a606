// SPDX-License-Identifier: Apache-2.0
'use strict';

// The table of containers. What a poll costs depends on what is in view, not on how many containers there are: figures
// are written and graphs drawn for rows near the viewport alone, and only the first hundred are rows at all until
// somebody asks for the others.

const FEW = 100;
const SORT_AGAIN = 5000; // ms: rows that jump every second cannot be read

const inOrder = new Intl.Collator('en', { numeric: true }); // app-2 before app-10

/// As precise as it is shown: what looks alike does not change places.
const hundredths = (value) => Math.round(value * 100);

/// `of` is what is sorted by: NaN comes last. `text` is what is shown.
const COLUMNS = [
  { id: 'name', label: 'Container' },
  { id: 'used', label: 'CPU used', of: (one) => hundredths(one.used), text: (one) => fixed(one.used, 2) },
  {
    id: 'share',
    label: 'CPU share',
    of: (one) => hundredths(numberOf(one.pod.share_cpus)),
    text: (one) => fixed(one.pod.share_cpus, 2),
  },
  { id: 'cpu-graph', label: 'CPU, 60 s', graph: true },
  { id: 'weight', label: 'Weight', of: (one) => numberOf(one.pod.weight), text: (one) => printable(one.pod.weight) },
  {
    id: 'p50',
    label: 'Delay p50',
    of: (one) => delayUs(one.pod.run_delay, 'p50_us'),
    text: (one) => delayText(delayUs(one.pod.run_delay, 'p50_us')),
  },
  {
    id: 'p99',
    label: 'Delay p99',
    of: (one) => delayUs(one.pod.run_delay, 'p99_us'),
    text: (one) => delayText(delayUs(one.pod.run_delay, 'p99_us')),
  },
  { id: 'delay-graph', label: 'p99, 60 s', graph: true },
  { id: 'limit', label: 'Limit', of: (one) => limitCpus(one.pod.limit), text: (one) => limitText(one.pod.limit) },
  {
    id: 'throttled',
    label: 'Throttled',
    of: (one) => throttledPart(one.pod.limit),
    text: (one) => throttledText(one.pod.limit),
  },
];

function compare(column, down) {
  const sign = down ? -1 : 1;
  if (column.id === 'name') return (a, b) => inOrder.compare(a.name, b.name) * sign;
  return (a, b) => {
    const x = column.of(a);
    const y = column.of(b);
    if (x < y) return -sign;
    if (x > y) return sign;
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    return inOrder.compare(a.name, b.name);
  };
}

const table = {
  sorted: { column: COLUMNS[1], down: true },
  sortedAt: 0,
  everything: false, // not only the first few
  ofRow: new WeakMap(), // the container of a row
  near: new Set(), // containers whose rows are in view, or soon will be
  watcher: null,

  begin() {
    const seen = (entries) => {
      for (const entry of entries) {
        const one = this.ofRow.get(entry.target);
        if (entry.isIntersecting && entry.target.isConnected) {
          this.near.add(one);
          this.paint(one);
        } else {
          this.near.delete(one);
        }
      }
    };
    this.watcher = new IntersectionObserver(seen, { rootMargin: '200px 0px' });
    for (const column of COLUMNS) byId('containers-head').append(this.headOf(column));
    const hidden = make('span', { className: 'visually-hidden', textContent: 'Boosting it' });
    byId('containers-head').append(make('th', { className: 'act', scope: 'col', role: 'columnheader' }, hidden));
    this.showSorting();
    byId('filter').addEventListener('input', () => {
      this.everything = false;
      this.arrange();
    });
    byId('show-all').addEventListener('click', () => {
      this.everything = true;
      this.arrange();
      byId('filter').focus(); // the button is gone
    });
    byId('containers').addEventListener('click', (event) => {
      const row = event.target.closest('button') && event.target.closest('tr');
      if (row) boostDialog.open(this.ofRow.get(row).pod);
    });
  },

  headOf(column) {
    const className = column.graph ? 'graph' : `${column.id}${column.id === 'name' ? '' : ' number'}`;
    const head = make('th', { className, scope: 'col', role: 'columnheader' });
    column.head = head;
    if (column.graph) {
      head.textContent = column.label;
      return head;
    }
    const button = make('button', { type: 'button', className: 'sort', textContent: column.label });
    button.addEventListener('click', () => {
      // Of names one wants the first first, of figures the largest.
      const down = this.sorted.column === column ? !this.sorted.down : column.id !== 'name';
      this.sorted = { column, down };
      this.showSorting();
      this.arrange();
    });
    head.append(button);
    return head;
  },

  showSorting() {
    for (const column of COLUMNS) column.head.removeAttribute('aria-sort');
    this.sorted.column.head.setAttribute('aria-sort', this.sorted.down ? 'descending' : 'ascending');
  },

  takePods(answer) {
    const moved = containers.take(Array.isArray(answer.pods) ? answer.pods : []);
    if (moved || this.mayMove()) this.arrange();
    for (const one of this.near) this.paint(one);
  },

  /// Rows are not pulled away from under a pointer, or from under who is among them with the keyboard.
  mayMove() {
    const rows = byId('containers');
    return performance.now() - this.sortedAt >= SORT_AGAIN && !rows.matches(':hover') &&
      !rows.contains(document.activeElement);
  },

  found() {
    const words = byId('filter').value.toLowerCase().split(/[ /]+/).filter((word) => word !== '');
    const all = [...containers.all.values()];
    return words.length === 0 ? all : all.filter((one) => words.every((word) => one.words.includes(word)));
  },

  arrange() {
    const found = this.found().sort(compare(this.sorted.column, this.sorted.down));
    const shown = this.everything ? found : found.slice(0, FEW);
    const rows = byId('containers');
    const focused = rows.contains(document.activeElement) ? document.activeElement : null;
    const wanted = new Set(shown.map((one) => this.rowOf(one)));
    for (const row of [...rows.children]) {
      if (!wanted.has(row)) removeGently(row, byId('containers-title'));
    }
    // What is in its place stays there; one that comes later than it did does not move all those behind it.
    let place = rows.firstElementChild;
    for (const row of wanted) {
      if (place !== null && place !== row && place.nextElementSibling === row) {
        place.remove();
        place = row;
      }
      if (row === place) place = place.nextElementSibling;
      else rows.insertBefore(row, place);
    }
    if (focused?.isConnected) focused.focus({ preventScroll: true });
    this.sortedAt = performance.now();
    const of = found.length === containers.all.size ? '' : ` found, of ${containers.all.size}`;
    const only = shown.length === found.length ? '' : `, the first ${shown.length} shown`;
    setText(byId('count'), `${found.length} ${found.length === 1 ? 'container' : 'containers'}${of}${only}`);
    setText(byId('show-all'), `Show all ${found.length}`);
    byId('show-all').hidden = shown.length === found.length;
  },

  rowOf(one) {
    if (one.shown === null) {
      one.shown = this.makeRow(one);
      this.ofRow.set(one.shown.row, one);
      this.paint(one);
      this.watcher.observe(one.shown.row);
    }
    return one.shown.row;
  },

  makeRow(one) {
    const name = printable(one.pod.container);
    const above = one.name.slice(0, one.name.length - name.length);
    const missing = make('span', { className: 'tag', textContent: 'no cgroup', hidden: true });
    const head = make('th', { className: 'name', scope: 'row', role: 'rowheader' },
      make('span', { className: 'of', textContent: above }), make('strong', { textContent: name }), ' ', missing);
    const row = make('tr', { role: 'row' }, head);
    const shown = { row, missing, cells: {}, tag: make('span', { className: 'tag', hidden: true }) };
    for (const column of COLUMNS.slice(1)) {
      const cell = tableCell(column.label, column.graph ? 'graph' : `${column.id} number`);
      if (column.graph) {
        shown[column.id] = new Sparkline(column.id === 'cpu-graph' ? 'CPU used' : 'Delay p99');
        cell.append(shown[column.id].node);
      } else {
        shown.cells[column.id] = cell.appendChild(make('span'));
      }
      if (column.id === 'weight') cell.append(' ', shown.tag);
      row.append(cell);
    }
    const button = make('button', { type: 'button', textContent: 'Boost', 'aria-label': `Boost ${one.name}` });
    row.append(tableCell('', 'act', button));
    return shown;
  },

  paint(one) {
    const { row, cells, tag, missing } = one.shown;
    for (const column of COLUMNS) {
      if (column.text) setText(cells[column.id], column.text(one));
    }
    const changed = Number.isFinite(one.pod.weight) && one.pod.weight !== WEIGHT_ONE;
    row.classList.toggle('boosted', changed);
    tag.hidden = !changed;
    setText(tag, one.pod.weight < WEIGHT_ONE ? 'demoted' : 'boosted');
    missing.hidden = one.pod.cgroup_path !== null;
    one.shown['cpu-graph'].draw(one.rates, one.shares, 0.05, (cpus) => `${fixed(cpus, 2)} CPUs`);
    one.shown['delay-graph'].draw(one.delays, null, 1000, delayText);
  },

  /// For good.
  drop(one) {
    if (one.shown === null) return;
    this.watcher.unobserve(one.shown.row);
    this.near.delete(one);
    removeGently(one.shown.row, byId('containers-title'));
  },
};
