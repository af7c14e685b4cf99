/* What script adds to pages that work without it: countdowns, live parts, drafts, pickers, rows, signatures, the lock.
   No library, and only what the browser of an eight-year-old PC knows. */
(function () {
  'use strict';
  var body = document.body, proof = body.dataset.proof || '', clockOff = 0;
  if (body.dataset.now) clockOff = Date.parse(body.dataset.now) - Date.now();
  function each(selector, act, within) { Array.prototype.forEach.call((within || document).querySelectorAll(selector), act); }
  function make(tag, text, kind) { var made = document.createElement(tag); if (text) made.textContent = text; if (kind) made.className = kind; return made; }
  function post(address, fields) {
    var sent = new URLSearchParams(); sent.append('_form', proof);
    fields.forEach(function (pair) { sent.append(pair[0], pair[1]); });
    return fetch(address, { method: 'POST', body: sent, credentials: 'same-origin', headers: { Accept: 'text/html' } });
  }
  function say(text) {
    var said = document.getElementById('said'); if (!said) return;
    said.textContent = text; said.hidden = !text;
    var line = document.getElementById('line'); /* what was known of the line is not known any more */
    if (line) line.style.visibility = text && text === body.dataset.away ? 'hidden' : '';
  }

  /* --- countdowns: the server's clock counts, not this browser's --------------------------------------------------- */
  function two(number) { return (number < 10 ? '0' : '') + number; }
  function left(ms) {
    var late = ms < 0, s = Math.floor(Math.abs(ms) / 1000), d = Math.floor(s / 86400), h = Math.floor(s / 3600) % 24, m = Math.floor(s / 60) % 60;
    var zh = document.documentElement.lang !== 'en';
    var text = d > 0 ? d + (zh ? ' 天 ' : ' d ') + h + (zh ? ' 小时' : ' h') : (h > 0 ? h + ':' + two(m) : m) + ':' + two(s % 60);
    return (late ? (zh ? '超时 ' : 'late ') : '') + text;
  }
  function count() {
    var now = Date.now() + clockOff;
    each('.count[data-due]', function (time) {
      var ms = Date.parse(time.dataset.due) - now;
      time.textContent = left(ms);
      time.classList.toggle('late', ms < 0); time.classList.toggle('soon', ms >= 0 && ms < 900000);
    });
  }
  count(); setInterval(count, 1000);

  /* --- a telephone shows the search of a list, and its filters when they are asked for ------------------------------- */
  each('[data-fold]', function (button) {
    var form = button.form;
    function fold(folded) { form.classList.toggle('folded', folded); button.setAttribute('aria-expanded', String(!folded)); }
    button.hidden = false; fold(true);
    button.addEventListener('click', function () { fold(!form.classList.contains('folded')); });
  });

  /* --- live: parts of the page are fetched again when something they show has changed ------------------------------- */
  var fetching = false, again = false;
  function busyIn(part) {
    var at = document.activeElement;
    return part.contains(at) && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || part.querySelector('details[open] form, .dragging') !== null;
  }
  function refresh() {
    if (fetching) { again = true; return; }
    fetching = true;
    fetch(location.href, { credentials: 'same-origin', headers: { Accept: 'text/html' } }).then(function (answer) {
      if (answer.redirected && new URL(answer.url).pathname === '/sign-in') { location.assign(answer.url); return ''; }
      return answer.ok ? answer.text() : '';
    }).then(function (html) {
      if (!html) return;
      var fresh = new DOMParser().parseFromString(html, 'text/html');
      if (fresh.body.dataset.now) clockOff = Date.parse(fresh.body.dataset.now) - Date.now();
      each('[data-part]', function (part) {
        var other = fresh.getElementById(part.id);
        if (!other || busyIn(part) || other.innerHTML === part.dataset.drawn) return;
        keepPlace(part, other);
      });
      say(''); count(); dress(document);
    }).catch(function () { say(body.dataset.away); }).then(function () {
      fetching = false; if (again) { again = false; refresh(); }
    });
  }
  function keepPlace(part, other) {
    var at = document.activeElement, mark = part.contains(at) ? (at.id ? '#' + at.id : at.getAttribute('href') ? 'a[href="' + CSS.escape(at.getAttribute('href')) + '"]' : '') : '';
    var opened = []; each('details', function (d, n) { if (d.open) opened.push(n); }, part);
    if (other.innerHTML !== part.innerHTML) {
      part.innerHTML = other.innerHTML; part.className = other.className;
      each('details', function (d, n) { if (opened.indexOf(n) >= 0) d.open = true; }, part);
      if (mark) { var back = part.querySelector(mark); if (back) back.focus(); }
    }
  }
  function concerns(types) {
    var wanted = []; each('[data-types]', function (part) { wanted = wanted.concat(part.dataset.types.split(' ')); });
    return types.some(function (type) { return type === '*' || type === 'line' || wanted.indexOf(type) >= 0; });
  }
  var soon = null;
  function told(message) {
    if (message.away) { say(body.dataset.away); return; }
    if (message.back) say('');
    document.dispatchEvent(new CustomEvent('news', { detail: message.types || [] }));
    if (message.types && !concerns(message.types)) return;
    clearTimeout(soon); soon = setTimeout(refresh, 60);
  }
  document.addEventListener('moved', refresh);
  if (body.dataset.live && window.EventSource) {
    if (window.SharedWorker) {
      var worker = new SharedWorker(body.dataset.live, { name: 'branchline ' + body.dataset.me });
      worker.port.onmessage = function (event) { told(event.data); };
      worker.port.start();
      addEventListener('pagehide', function () { worker.port.postMessage('bye'); });
      addEventListener('pageshow', function (event) { if (event.persisted) { worker.port.postMessage('hello'); refresh(); } });
    } else { onlyWhileSeen(); }
  }
  function onlyWhileSeen() { /* without shared workers only the tab in front listens: a browser has six connections in all */
    var source = null;
    function look() {
      if (document.visibilityState === 'visible' && !source) {
        source = new EventSource('/live');
        source.onmessage = function (event) { told(JSON.parse(event.data)); };
        source.onerror = function () { told({ away: true }); };
      } else if (document.visibilityState !== 'visible' && source) { source.close(); source = null; }
    }
    document.addEventListener('visibilitychange', look); look();
  }

  /* --- drafts: what is typed is kept on the node a moment after the last key ---------------------------------------- */
  function typed(sheet) {
    var fields = [];
    new FormData(sheet).forEach(function (value, name) { if (name !== '_form') fields.push([name, String(value)]); });
    return fields;
  }
  function fill(sheet) {
    var timer = null, dirty = false, sending = false, done = false, goes = false, kept = Promise.resolve(), state = sheet.querySelector('[data-state]');
    function keep() {
      if (!dirty || sending || done || !document.contains(sheet)) return;
      dirty = false;
      kept = post('/drafts', [['_key', sheet.dataset.draft]].concat(typed(sheet))).then(function (answer) {
        state.textContent = answer.ok ? sheet.dataset.kept : ''; say('');
        return answer.ok ? answer.json() : [];
      }).then(warn).catch(function () { dirty = true; say(body.dataset.away); });
    }
    function warn(others) {
      var told = document.getElementById('others'); told.textContent = '';
      others.forEach(function (one) { told.appendChild(make('p', one, 'note tone-warn')); });
    }
    function news(event) { /* the record may have moved on while somebody reads or thinks */
      if (!document.contains(sheet)) { document.removeEventListener('news', news); return; }
      if (sending || done || !event.detail.some(function (type) { return type === '*' || type === sheet.dataset.type; })) return;
      post('/drafts/others', [['_key', sheet.dataset.draft], ['_seen', sheet.elements._seen.value]]).then(function (answer) { return answer.ok ? answer.json() : []; }).then(warn).catch(function () {});
    }
    if (sheet.elements._seen) document.addEventListener('news', news);
    addEventListener('pageshow', function (event) { if (event.persisted) done = false; }); /* "back": the form is there again */
    sheet.addEventListener('input', function () { dirty = true; clearTimeout(timer); timer = setTimeout(keep, 700); });
    sheet.addEventListener('uploaded', function (event) {
      if (!goes || sheet.querySelector('[data-up]')) return;
      goes = false; state.textContent = ''; if (event.detail) sheet.querySelector('.formfoot button').click();
    });
    if (sheet.dataset.sections !== undefined) sections(sheet);
    document.addEventListener('visibilitychange', keep);
    setInterval(keep, 5000);
    sheet.addEventListener('submit', function (event) {
      event.preventDefault();
      if (sheet.querySelector('[data-up]')) { goes = true; state.textContent = sheet.querySelector('[data-up]').dataset.upload; return; } /* a photo is on its way: the form follows it */
      if (sending || done) return; /* a second click, also one that comes while the next page is on its way */
      sending = true; clearTimeout(timer);
      var button = sheet.querySelector('.formfoot button');
      button.setAttribute('aria-disabled', 'true'); state.textContent = '…';
      kept.then(function () { return post(sheet.action, typed(sheet)); }).then(function (answer) { /* a draft on its way must not arrive after it */
        if (answer.redirected) { done = true; location.assign(answer.url); return ''; }
        return answer.text();
      }).then(function (html) {
        var fresh = html && new DOMParser().parseFromString(html, 'text/html').querySelector('main');
        if (fresh) { sending = false; keep(); showAgain(fresh); }
      }).catch(function () { say(body.dataset.away); dirty = true; }).then(function () {
        sending = false; button.removeAttribute('aria-disabled'); if (state.textContent === '…') state.textContent = '';
      });
    });
  }
  function sections(sheet) { /* what is there only while something holds; what is not there is not sent */
    var parts = sheet.querySelectorAll('[data-section]'), wait = null;
    function put(there) { each('[data-section]', function (part, n) { part.hidden = !there[n]; each('input, select, textarea', function (field) { field.disabled = !there[n]; }, part); }, sheet); }
    function ask() { post('/sections', [['_key', sheet.dataset.draft]].concat(typed(sheet))).then(function (answer) { return answer.json(); }).then(put).catch(function () { say(body.dataset.away); }); }
    put(Array.prototype.map.call(parts, function (part) { return part.dataset.off === undefined; }));
    sheet.addEventListener('input', function () { clearTimeout(wait); wait = setTimeout(ask, 250); });
  }
  function showAgain(main) {
    document.querySelector('main').replaceWith(document.importNode(main, true));
    begin();
    var first = document.querySelector('#in-_reason[required]') || document.querySelector('[aria-invalid]') || document.querySelector('.problems');
    if (first) { first.focus(); first.scrollIntoView({ block: 'center' }); }
  }
  function begin() {
    var sheet = document.getElementById('sheet');
    if (sheet && sheet.dataset.draft) fill(sheet);
    dress(document); count();
    if (sheet && !location.hash && !document.querySelector('[autofocus]') && matchMedia('(hover: hover)').matches) { /* on a telephone the keyboard would cover the form */
      var first = sheet.querySelector('.field input:not([type=hidden]):not([type=radio]):not([type=checkbox]):not([type=file]), .field select, .field textarea');
      if (first) first.focus({ preventScroll: true });
    }
  }

  /* --- pickers: type to find, arrows to choose, Enter to take ------------------------------------------------------- */
  function picker(box) {
    var hidden = box.querySelector('input[type=hidden]'), seen = box.querySelector('input:not([type=hidden])'), list = make('ul'), wait = null, at = -1;
    list.hidden = true; list.setAttribute('role', 'listbox'); list.id = seen.id + '-list'; box.appendChild(list); seen.setAttribute('aria-controls', list.id);
    function close() { list.hidden = true; at = -1; seen.setAttribute('aria-expanded', 'false'); seen.removeAttribute('aria-activedescendant'); }
    function mark(n) {
      at = n; Array.prototype.forEach.call(list.children, function (li, i) { li.setAttribute('aria-selected', String(i === n)); });
      var li = list.children[n]; if (li) { seen.setAttribute('aria-activedescendant', li.id); li.scrollIntoView({ block: 'nearest' }); }
    }
    function take(li) { hidden.value = li.dataset.id; seen.value = li.dataset.label; close(); seen.dispatchEvent(new Event('input', { bubbles: true })); hidden.value = li.dataset.id; }
    function show(found) {
      list.textContent = '';
      found.forEach(function (one, n) {
        var li = make('li', one.label); li.id = list.id + n; li.setAttribute('role', 'option'); li.dataset.id = one.id; li.dataset.label = one.label;
        if (one.note) li.appendChild(make('small', one.note));
        li.addEventListener('mousedown', function (event) { event.preventDefault(); take(li); });
        list.appendChild(li);
      });
      if (!found.length) list.appendChild(make('li', box.dataset.nothing, 'quiet'));
      list.hidden = false; seen.setAttribute('aria-expanded', 'true'); mark(found.length ? 0 : -1);
    }
    function look() {
      fetch(box.dataset.choices + '?q=' + encodeURIComponent(seen.value), { credentials: 'same-origin' }).then(function (answer) { return answer.json(); }).then(show).catch(close);
    }
    seen.addEventListener('input', function () { hidden.value = ''; clearTimeout(wait); wait = setTimeout(look, 150); });
    seen.addEventListener('focus', function () { if (!hidden.value) look(); });
    seen.addEventListener('blur', function () { clearTimeout(wait); close(); });
    seen.addEventListener('keydown', function (event) {
      var many = list.hidden ? 0 : list.children.length;
      if (event.key === 'ArrowDown') { event.preventDefault(); if (!many) look(); else mark(Math.min(at + 1, many - 1)); }
      else if (event.key === 'ArrowUp') { event.preventDefault(); mark(Math.max(at - 1, 0)); }
      else if (event.key === 'Enter' && many && at >= 0 && list.children[at].dataset.id) { event.preventDefault(); take(list.children[at]); }
      else if (event.key === 'Escape') close();
    });
  }

  /* --- lists in forms grow by a row --------------------------------------------------------------------------------- */
  function rows(box) {
    var add = make('button', box.dataset.rows, 'plain'); add.type = 'button'; box.insertAdjacentElement('afterend', add);
    add.addEventListener('click', function () {
      var all = box.querySelectorAll('.row'), last = all[all.length - 1], copy = last.cloneNode(true), n = all.length;
      each('input, select, textarea', function (field) {
        if (field.type === 'radio' || field.type === 'checkbox') field.checked = field.value === ''; else field.value = '';
        field.name = field.name.replace(/\.(\d+)\./, function () { return '.' + n + '.'; }); if (field.id) field.id += 'n' + n;
      }, copy);
      each('[data-on]', function (one) { delete one.dataset.on; }, copy);
      each('[data-given], [data-drop], [data-look]', function (one) { one.hidden = true; }, copy);
      last.parentNode.insertBefore(copy, last.nextSibling); dress(copy);
      var first = copy.querySelector('input:not([type=hidden]), select, textarea'); if (first) first.focus();
    });
  }

  /* --- a signature: pen, finger or mouse; or a typed name ------------------------------------------------------------ */
  function pad(box) {
    var canvas = box.querySelector('canvas'), field = box.querySelector('input'), pen = canvas.getContext('2d'), drawing = false;
    function clear() { pen.fillStyle = '#fff'; pen.fillRect(0, 0, canvas.width, canvas.height); pen.lineWidth = 2.5; pen.lineCap = 'round'; pen.strokeStyle = '#123'; }
    function spot(event) { var r = canvas.getBoundingClientRect(); return [(event.clientX - r.left) * canvas.width / r.width, (event.clientY - r.top) * canvas.height / r.height]; }
    function told() { field.hidden = box.querySelector('label').hidden = field.value.indexOf('data:image/') === 0; field.dispatchEvent(new Event('input', { bubbles: true })); } // drawn, there is no name to read
    clear();
    if (field.value.indexOf('data:image/') === 0) { field.hidden = box.querySelector('label').hidden = true; var old = new Image(); old.onload = function () { pen.drawImage(old, 0, 0, canvas.width, canvas.height); }; old.src = field.value; }
    canvas.addEventListener('pointerdown', function (event) { drawing = true; canvas.setPointerCapture(event.pointerId); var p = spot(event); pen.beginPath(); pen.moveTo(p[0], p[1]); });
    canvas.addEventListener('pointermove', function (event) { if (drawing) { var p = spot(event); pen.lineTo(p[0], p[1]); pen.stroke(); } });
    canvas.addEventListener('pointerup', function () { drawing = false; field.value = canvas.toDataURL('image/png'); told(); });
    box.querySelector('[data-clear]').addEventListener('click', function () { clear(); field.value = ''; told(); });
  }

  /* --- long work goes on by itself, a second at a time, and shows how far it is ---------------------------------------- */
  function goOn(form) {
    form.querySelector('button').hidden = true;
    post(form.action, []).then(function (answer) { return answer.text(); }).then(function (html) {
      var part = form.closest('section'), other = part && new DOMParser().parseFromString(html, 'text/html').getElementById(part.id);
      if (!other) { location.reload(); return; }
      keepPlace(part, other); dress(part);
    }).catch(function () { say(body.dataset.away); setTimeout(function () { goOn(form); }, 3000); });
  }

  /* --- a file goes up at once, so that a draft keeps it; the form then only names it ---------------------------------- */
  function upload(box) {
    var held = box.querySelector('input[type=hidden]'), file = box.querySelector('input[type=file]'), given = box.querySelector('[data-given]'), drop = box.querySelector('[data-drop]'), going = box.querySelector('[data-going]'), look = box.querySelector('[data-look]');
    function preview(one) { // only what this browser reads anyway: nothing comes back from the node before it is sent
      look.hidden = true; if (!one || one.type.indexOf('image/') !== 0 || one.size > 8e6) return;
      var reader = new FileReader(); reader.onload = function () { look.src = reader.result; look.hidden = false; }; reader.readAsDataURL(one);
    }
    function hold(value, name) {
      held.value = value; given.textContent = name; given.hidden = drop.hidden = !value;
      held.dispatchEvent(new Event('input', { bubbles: true }));
    }
    var asking = null, wait = null;
    function over(text) { // it is there, or it is refused; a form that was sent meanwhile goes on, or stays to be looked at
      asking = null; delete box.dataset.up; going.textContent = text; going.className = text ? 'tone-bad' : 'quiet'; drop.hidden = !held.value;
      box.dispatchEvent(new CustomEvent('uploaded', { bubbles: true, detail: !text }));
    }
    function send(one) {
      var ask = asking = new XMLHttpRequest(); ask.open('POST', '/api/files'); ask.responseType = 'json';
      ask.setRequestHeader('X-File-Name', encodeURIComponent(one.name)); ask.setRequestHeader('X-Branchline', '1');
      ask.setRequestHeader('Accept-Language', document.documentElement.lang);
      ask.upload.onprogress = function (event) { if (event.lengthComputable) going.textContent = box.dataset.upload + ' ' + Math.round(100 * event.loaded / event.total) + '%'; };
      ask.onerror = function () { going.textContent = box.dataset.again; wait = setTimeout(function () { send(one); }, 3000); };
      ask.onload = function () {
        var told = ask.response || {};
        if (ask.status !== 200) over(told.error ? told.error.problems[0].what : box.dataset.failed);
        else if (box.dataset.photo && !told.picture) over(box.dataset.photo);
        else { hold(told.value, told.name); preview(one); over(''); }
      };
      going.textContent = box.dataset.upload; going.className = 'quiet'; box.dataset.up = '1'; drop.hidden = false; ask.send(one);
    }
    drop.addEventListener('click', function () { clearTimeout(wait); if (asking) { asking.abort(); } file.value = ''; preview(null); hold('', ''); over(''); file.focus(); });
    file.addEventListener('change', function () {
      var one = file.files[0]; if (!one) return;
      clearTimeout(wait); if (asking) asking.abort();
      send(one);
    });
  }

  function dress(within) {
    each('[data-upload]', function (box) { if (!box.dataset.on) { box.dataset.on = '1'; upload(box); } }, within);
    each('[data-choices]', function (box) { if (!box.dataset.on) { box.dataset.on = '1'; picker(box); } }, within);
    each('[data-rows]', function (box) { if (!box.dataset.on) { box.dataset.on = '1'; rows(box); } }, within);
    each('[data-sign]', function (box) { if (!box.dataset.on) { box.dataset.on = '1'; pad(box); } }, within);
    each('[data-print]', function (button) { button.hidden = false; if (!button.dataset.on) { button.dataset.on = '1'; button.addEventListener('click', function () { print(); }); } }, within);
    each('form[data-goes-on]', function (form) { if (!form.dataset.on) { form.dataset.on = '1'; goOn(form); } }, within);
    each('[data-busy]', function (button) { if (!button.dataset.on) { button.dataset.on = '1'; button.form.addEventListener('submit', function () { button.textContent = button.dataset.busy; setTimeout(function () { button.disabled = true; }); }); } }, within);
    each('[data-tick]', function (button) {
      button.hidden = false; if (button.dataset.on) return; button.dataset.on = '1';
      button.addEventListener('click', function () { var boxes = button.form.querySelectorAll('input[type=checkbox][name="' + button.dataset.tick + '"]'), on = false; Array.prototype.forEach.call(boxes, function (box) { on = on || !box.checked; }); Array.prototype.forEach.call(boxes, function (box) { box.checked = on; }); });
    }, within);
    each('[data-picks]', function (box) {
      if (box.dataset.on) return; box.dataset.on = '1';
      box.addEventListener('input', function (event) { var radio = box.querySelector('input[type=radio][value="' + box.dataset.picks + '"]'); if (radio && event.target.type !== 'radio') radio.checked = true; });
    }, within);
    each('form[data-columns]', function (form) {
      if (form.dataset.on) return; form.dataset.on = '1';
      form.addEventListener('submit', function (event) {
        event.preventDefault();
        var asked = new URLSearchParams(), names = [];
        new FormData(form).forEach(function (value, name) { if (name === 'cols') names.push(value); else asked.append(name, value); });
        asked.append('cols', names.join(',')); location.assign(form.action + '?' + asked);
      });
    }, within);
  }
  begin();

  /* --- rows of lists open wherever they are clicked ------------------------------------------------------------------ */
  document.addEventListener('click', function (event) {
    var row = event.target.closest && event.target.closest('table.cards tbody tr');
    if (row && !event.target.closest('a, button, input, select, summary') && !String(getSelection())) { var link = row.querySelector('a'); if (link) link.click(); }
    each('details.pop[open]', function (pop) { if (!pop.contains(event.target)) pop.open = false; });
  });
  document.addEventListener('keydown', function (event) {
    if (event.key === 'Escape') each('details.pop[open]', function (pop) { pop.open = false; pop.querySelector('summary').focus(); });
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') { // in a menu, arrows go from one to the next
      var pop = document.activeElement.closest('details.pop[open]');
      if (pop && /^(A|SUMMARY)$/.test(document.activeElement.tagName)) {
        var all = Array.prototype.slice.call(pop.querySelectorAll('summary, a')), to = all[all.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1)];
        if (to) { event.preventDefault(); to.focus(); }
      }
    }
    if (event.key === '/' && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) { var find = document.getElementById('q'); if (find) { event.preventDefault(); find.focus(); find.select(); } }
  });

  /* --- a desk left alone locks itself; those who work here lately are one click away ---------------------------------- */
  var lock = Number(body.dataset.lock || 0), touched = Date.now();
  if (lock > 0) {
    ['pointerdown', 'keydown', 'scroll'].forEach(function (kind) { addEventListener(kind, function () { touched = Date.now(); try { localStorage.setItem('touched', String(touched)); } catch (full) { /* private mode: each tab counts alone */ } }, { passive: true }); });
    setInterval(function () {
      try { touched = Math.max(touched, Number(localStorage.getItem('touched') || 0)); } catch (full) { /* as above */ }
      if (Date.now() - touched > lock * 1000) post('/sign-out', [['next', location.pathname + location.search], ['locked', '1']]).then(function (answer) { location.assign(answer.url); }).catch(function () { location.assign('/sign-in'); });
    }, 5000);
  }
  function recent() { try { return JSON.parse(localStorage.getItem('lately') || '[]'); } catch (broken) { return []; } }
  function remember(list) { try { localStorage.setItem('lately', JSON.stringify(list.slice(0, 8))); } catch (full) { /* then it is typed */ } }
  var door = document.getElementById('lately');
  if (door) {
    var list = door.querySelector('ul');
    if (door.dataset.locked !== undefined && recent().length) { document.getElementById('login').value = recent()[0][0]; document.getElementById('password').focus(); } // who was here most likely goes on
    recent().forEach(function (one) {
      var li = make('li'), go = make('button', one[1], 'plain'), drop = make('button', door.dataset.forget, 'plain quiet');
      go.type = drop.type = 'button';
      go.addEventListener('click', function () { document.getElementById('login').value = one[0]; document.getElementById('password').focus(); });
      drop.addEventListener('click', function () { remember(recent().filter(function (other) { return other[0] !== one[0]; })); li.remove(); });
      li.appendChild(go); li.appendChild(drop); list.appendChild(li); door.hidden = false;
    });
    var form = document.querySelector('form[action="/sign-in"]');
    form.addEventListener('submit', function () { try { sessionStorage.setItem('login', document.getElementById('login').value.trim()); } catch (full) { /* then it is typed */ } });
  } else if (body.dataset.me) {
    try {
      var login = sessionStorage.getItem('login');
      if (login) { remember([[login, body.dataset.name]].concat(recent().filter(function (one) { return one[0] !== login; }))); sessionStorage.removeItem('login'); }
    } catch (full) { /* private mode */ }
  }
})();
