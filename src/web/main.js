// SPDX-License-Identifier: Apache-2.0
'use strict';

const statusPoll = new Poll('/status', (status) => {
  showNode(status);
  showBoosts(Array.isArray(status.boosts) ? status.boosts : []);
  link.answered();
}, readFailed);

const podsPoll = new Poll('/pods', (answer) => {
  showProblem(byId('pods-problem'), null);
  table.takePods(answer);
}, (error) => {
  // Where nothing answers at all, the status says so.
  if (error.status === 401) session.refused(error);
  else if (!(error instanceof Unreachable)) showProblem(byId('pods-problem'), error);
});

table.begin();
resetDialog.begin();
boostDialog.begin();
session.begin();
byId('pause').addEventListener('click', () => {
  link.paused = !link.paused;
  link.follow();
});
// Nobody looks: the node is left alone.
document.addEventListener('visibilitychange', () => link.follow());
link.follow();
