// SPDX-License-Identifier: Apache-2.0
'use strict';

// What comes from outside (names of pods, messages of the kernel) becomes text here, never markup.

const byId = (id) => document.getElementById(id);

/// What says the same already is left alone: layout and screen readers then have nothing to do.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function drawn(tag, attributes) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/// A cell that is still a cell, and still says of which column, where the table is shown as cards.
function tableCell(label, className, ...children) {
  return make('td', { className, role: 'cell', 'data-label': label }, ...children);
}

/// What came of what was asked for last, where everybody sees and hears it.
function say(text) {
  setText(byId('notice'), text);
}

/// Whoever used something that is no longer there goes on from here.
function removeGently(node, next) {
  const had = node.contains(document.activeElement);
  node.remove();
  if (had) next.focus({ preventScroll: true });
}
