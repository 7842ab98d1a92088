// Run in a copy of a review: opens every fold, then says what is wrong to the frame around it.

const faults = [];

function openFolds() {
  for (const fold of document.querySelectorAll('details')) {
    fold.querySelector('summary').click();
    if (!fold.open) faults.push('a fold stays shut');
  }
}

function followLinks() {
  for (const link of document.querySelectorAll('a[href^="#"]'))
    if (!document.getElementById(link.hash.slice(1))) faults.push('no ' + link.hash);
}

function measure() {
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push('wide ' + root.scrollWidth + ' of ' + root.clientWidth);
}

// What axe-core calls a violation, with the first places of each.
async function examine() {
  const { violations, passes } = await axe.run(document, { resultTypes: ['violations'] });
  for (const { id, help, nodes } of violations)
    faults.push(id + ' (' + help + ') ' + nodes.length + ' times: ' + nodes.slice(0, 3).map(node => node.target).join(' | '));
  if (!passes.some(rule => rule.id === 'color-contrast')) faults.push('contrast was not examined');
}

addEventListener('load', async () => {
  try {
    openFolds();
    followLinks();
    measure();
    if (window.axe) await examine();
  } catch (fault) {
    faults.push(String(fault));
  }
  const scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  parent.postMessage(
    `SAID ${innerWidth} ${scheme}, axe ${!!window.axe}, links ${document.links.length > 0}: ${faults.join('; ') || 'no faults'}.`, '*');
});
