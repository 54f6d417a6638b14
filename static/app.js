// Comfort only: every page works without this file. Text is set as textContent; HTML is never made from strings.
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

  // The error summary takes the focus.
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

  // A form is sent once, until the page is shown again from the browser's history.
  all('form[method=post]:not([data-many])', (form) => {
    form.addEventListener('submit', (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = 'yes';
      // Only after the browser has read the form.
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

  // The hand-over goes on by itself, unless the person came back to this page.
  const onward = doc.querySelector('form[data-auto-submit]');
  const arrival = performance.getEntriesByType('navigation')[0];
  if (onward && !(arrival && arrival.type === 'back_forward')) onward.requestSubmit();

  // A number as the server reads it: full-width digits, spaces and separators between groups.
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
    const { priceMinor, currency, exponent = '2', min, max, remaining = 1, term = 1 } = output.dataset;
    const refresh = () => {
      const count = whole(input.value);
      const fits = count !== null && !(min && count < BigInt(min)) && !(max && count > BigInt(max));
      output.textContent = fits ? money((count * BigInt(priceMinor) * BigInt(remaining) + BigInt(term) - 1n) / BigInt(term), currency, Number(exponent)) : '—';
    };
    input.addEventListener('input', refresh);
    if (input.value) refresh();
  });

  // Time left, kept fresh in the words the server used. Where the two clocks differ, the server's words are right.
  all('[data-deadline]', (time) => {
    const words = time.parentElement.querySelector('[data-left]');
    const said = words && /^(?:(\d+) h )?(?:(\d+) min|(\d+) s)\b/.exec(words.textContent.trim());
    if (!said) return;
    const [hours, minutes, seconds] = said.slice(1).map((digits) => Number(digits || 0));
    const spoken = Date.now() + (hours * 3600 + minutes * 60 + seconds) * 1000;
    const exact = Date.parse(time.dateTime);
    const end = Math.abs(exact - spoken) < 90000 ? exact : spoken;
    const tick = () => {
      const left = Math.floor((end - Date.now()) / 1000);
      const h = Math.floor(left / 3600);
      const m = Math.floor(left / 60) % 60;
      words.textContent = left <= 0 ? 'the time is over' : `${h ? `${h} h ` : ''}${h || m ? `${m} min` : `${left} s`} left`;
      if (left > 0) setTimeout(tick, left > 90 ? 20000 : 1000);
    };
    tick();
  });

  // Two minutes before the session ends: say so, and offer to stay. The server says how long it lasts, not until when:
  // this clock may be wrong.
  const session = doc.querySelector('meta[name=session-seconds]');
  if (session) {
    const lead = 120000;
    const length = session.content * 1000;
    let end = Date.now() + length;
    const warn = () => {
      const box = doc.createElement('div');
      const text = doc.createElement('p');
      const stay = doc.createElement('button');
      box.className = 'session-warning';
      box.setAttribute('role', 'alert');
      text.textContent = 'You will be signed out in 2 minutes. What you have typed is not saved.';
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
          text.textContent = 'That did not work. Copy what you have typed, then sign in again.';
        }
      });
      box.append(text, stay);
      doc.body.append(box);
    };
    const wait = () => setTimeout(warn, Math.max(0, end - lead - Date.now()));
    if (length > lead) wait();
  }
})();
