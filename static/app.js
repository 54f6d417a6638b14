// Comfort only: every page works without this file. It writes text with textContent and never builds HTML from strings.
(() => {
  'use strict';
  const doc = document;
  const all = (selector, act, root = doc) => root.querySelectorAll(selector).forEach(act);
  doc.documentElement.classList.add('js');

  // The viewer's zone, so that the server can show local times on the next page.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) {
    const secure = location.protocol === 'https:' ? '; Secure' : '';
    doc.cookie = `tz=${encodeURIComponent(zone)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }

  // The error summary, or a message that says so, takes the focus.
  const summary = doc.querySelector('[data-focus]');
  if (summary) summary.focus();

  all('[data-print]', (button) => button.addEventListener('click', () => window.print()));

  all('[data-reveal]', (button) => {
    const input = doc.getElementById(button.dataset.reveal);
    if (!input) return;
    button.hidden = false;
    const show = (visible) => {
      input.type = visible ? 'text' : 'password';
      button.textContent = visible ? 'Hide password' : 'Show password';
    };
    button.addEventListener('click', () => show(input.type === 'password'));
    if (input.form) input.form.addEventListener('submit', () => show(false));
  });

  // A form is sent once. The button comes back when the page is shown again from the browser's history.
  all('form[method=post]:not([data-many])', (form) => {
    form.addEventListener('submit', (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = 'yes';
      // After the browser has read the form: a disabled button would not be part of it.
      setTimeout(() => all('button[type=submit]', (button) => {
        button.setAttribute('aria-disabled', 'true');
        if (button === event.submitter) button.setAttribute('aria-busy', 'true');
      }, form));
    });
  });
  addEventListener('pageshow', () => all('form[data-sent]', (form) => {
    delete form.dataset.sent;
    all('button[aria-disabled]', (button) => {
      button.removeAttribute('aria-disabled');
      button.removeAttribute('aria-busy');
    }, form);
  }));

  // The hand-over to the vendor goes on by itself, unless the person came back to this page.
  const onward = doc.querySelector('form[data-auto-submit]');
  const arrival = performance.getEntriesByType('navigation')[0];
  if (onward && !(arrival && arrival.type === 'back_forward')) onward.requestSubmit();

  // A number as people type it, as the server reads it: full-width digits, spaces and separators between groups.
  const whole = (typed) => {
    const plain = typed.normalize('NFKC').trim();
    if (!/^\d+$|^\d{1,3}([,.'\s]\d{3})+$/.test(plain)) return null;
    return BigInt(plain.replace(/\D/g, ''));
  };
  const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ',');
  const money = (minor, currency, exponent) => {
    const digits = String(minor).padStart(exponent + 1, '0');
    const cut = digits.length - exponent;
    return `${currency} ${grouped(digits.slice(0, cut))}${exponent ? '.' + digits.slice(cut) : ''}`;
  };
  all('[data-live-total]', (output) => {
    const input = doc.getElementById(output.dataset.liveTotal);
    if (!input) return;
    const { priceMinor, currency, exponent = '2', min, max } = output.dataset;
    const refresh = () => {
      const count = whole(input.value);
      const fits = count !== null && !(min && count < BigInt(min)) && !(max && count > BigInt(max));
      output.textContent = fits ? money(count * BigInt(priceMinor), currency, Number(exponent)) : '—';
    };
    input.addEventListener('input', refresh);
    if (input.value) refresh();
  });

  // Time left, in the words the server uses, once a minute and in the last minute once a second.
  const left = (seconds) => {
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor(seconds / 60) % 60;
    if (hours) return `${hours} h ${minutes} min left`;
    return minutes ? `${minutes} min left` : `${seconds} s left`;
  };
  all('[data-deadline]', (time) => {
    const words = time.parentElement.querySelector('[data-left]');
    const end = Date.parse(time.dateTime);
    if (!words || Number.isNaN(end)) return;
    const tick = () => {
      const seconds = Math.floor((end - Date.now()) / 1000);
      if (seconds <= 0) {
        words.textContent = 'time is over';
        return;
      }
      words.textContent = left(seconds);
      setTimeout(tick, seconds > 90 ? 30000 : 1000);
    };
    // A clock far from the server's would frighten people: then the server's words stay as they are.
    const said = words.dataset.seconds;
    if (!said || Math.abs((end - Date.now()) / 1000 - Number(said)) < 300) tick();
  });

  // Two minutes before the session ends: say so, and offer to stay.
  const session = doc.querySelector('meta[name=session-ends]');
  if (session) {
    const lead = 120000;
    let end = Date.parse(session.content);
    const opened = Date.now();
    const length = end - opened;
    const warn = () => {
      const box = doc.createElement('div');
      const text = doc.createElement('p');
      const stay = doc.createElement('button');
      box.className = 'session-warning';
      box.setAttribute('role', 'alert');
      text.textContent = 'You will be signed out in 2 minutes. What you have typed here is not saved yet.';
      stay.className = 'button';
      stay.type = 'button';
      stay.textContent = 'Stay signed in';
      stay.addEventListener('click', async () => {
        const reply = await fetch(session.dataset.extend, { credentials: 'same-origin' }).catch(() => null);
        if (reply && reply.ok && !reply.redirected) {
          box.remove();
          end = Date.now() + length;
          wait();
        } else {
          text.textContent = 'The session could not be extended. Copy what you have typed, then sign in again.';
        }
      });
      box.append(text, stay);
      doc.body.append(box);
    };
    const wait = () => setTimeout(warn, Math.max(0, Math.min(end - lead - Date.now(), 2147483647)));
    wait();
  }
})();
