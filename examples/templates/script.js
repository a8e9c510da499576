// Makes pages livelier; each works without it.
'use strict';

const main = () => document.getElementById('main');

// What a page shows now stands where it showed something else. Whoever was at a control is there again.
let shown = main()?.outerHTML;
function show(page) {
  const before = shown;
  shown = page.getElementById('main').outerHTML;
  if (shown === before) return;
  const controls = () => [...main().querySelectorAll('a, button, input, select, textarea, summary')];
  const at = controls().indexOf(document.activeElement);
  document.title = page.title;
  main().replaceWith(document.adoptNode(page.getElementById('main')));
  const address = main().querySelector('[data-address]')?.dataset.address;
  if (address) history.replaceState(null, '', address);
  // Whoever does not see the page hears what it says now.
  document.getElementById('heard').textContent = main().querySelector('[role=status]')?.textContent ?? '';
  if (at >= 0) (controls()[at] ?? main()).focus();
  begin();
}

const parsed = html => new DOMParser().parseFromString(html, 'text/html');

// Says something in a form, or above what the page shows.
function say(words, place) {
  let line = place.querySelector(':scope > .said-here');
  if (!line) {
    line = Object.assign(document.createElement('p'), { className: 'callout bad said-here', tabIndex: -1 });
    line.setAttribute('role', 'alert');
    place.prepend(line);
  }
  line.textContent = words;
  return line;
}

// A page to which more will come is shown again whenever it has changed.
let events = null;
function watch() {
  const wanted = main()?.hasAttribute('data-live') && !document.hidden;
  if (wanted === Boolean(events)) return;
  events?.close();
  events = wanted ? new EventSource(location.href) : null;
  if (!events) return;
  events.addEventListener('page', event => show(parsed(event.data)));
  events.addEventListener('leave', () => location.reload());
  events.addEventListener('open', () => main().querySelectorAll('.said-here').forEach(line => line.remove()));
  events.addEventListener('error', () => {
    // The server ends what has gone on for long; only if it does not answer again is there something to say.
    if (events?.readyState === EventSource.CLOSED) location.reload();
    else setTimeout(() => events?.readyState === EventSource.CONNECTING && say('The server does not answer. This page goes on by itself as soon as it does.', main()), 2000);
  });
}

// Goes where a form leads, and stays busy until it is there. An address with a fragment would only be scrolled to.
function leave(to) {
  history.replaceState(null, '', location.pathname + location.search);
  location.assign(to);
  return new Promise(() => {});
}

// What is wrong with a form is said in it, and what was typed stays.
async function send(form, button) {
  const fields = new URLSearchParams(new FormData(form, button));
  const answer = await fetch(form.action, { method: 'POST', body: fields, headers: { 'x-form': 'yes' } });
  const to = answer.headers.get('location');
  if (to) return leave(to);
  const page = parsed(await answer.text());
  const advice = page.querySelector('.advice');
  if (!advice) return show(page);
  const line = say(advice.textContent, form);
  const out = page.querySelector('.way-out a');
  if (out && answer.status !== 422) line.append(' ', Object.assign(document.createElement('a'), { href: out.getAttribute('href'), textContent: out.textContent }));
  line.focus();
}

document.addEventListener('submit', async event => {
  const form = event.target;
  if (form.method !== 'post' || event.defaultPrevented) return;
  event.preventDefault();
  // What was asked for is under way, and its buttons look like it.
  if (form.hasAttribute('aria-busy')) return;
  form.setAttribute('aria-busy', 'true');
  form.querySelector(':scope > .said-here')?.remove();
  try {
    await send(form, event.submitter);
  } catch {
    say(document.documentElement.dataset.noAnswer, form).focus();
  }
  form.removeAttribute('aria-busy');
});

// A button says how many boxes are ticked.
function count() {
  for (const place of document.querySelectorAll('[data-count]')) {
    const ticked = place.closest('form').querySelectorAll(`[name="${place.dataset.count}"]:checked`).length;
    place.textContent = ticked ? `${ticked} ticked` : 'what is ticked';
  }
}

document.addEventListener('visibilitychange', watch);
document.addEventListener('change', count);

function begin() {
  watch();
  count();
}
begin();
