/* Moving a bar to another row: by dragging it, or with arrow keys and Enter. The move is an ordinary action; a row that the
   record's exclusive rule would refuse cannot be dropped on, and the node checks once more. */
(function () {
  'use strict';
  var body = document.body, moving = null;
  function board() { return document.getElementById('timeline'); }
  function lanes() { return Array.prototype.slice.call(board().querySelectorAll('tr[data-lane]')); }
  function say(text) { var said = document.getElementById('said'); said.textContent = text; said.hidden = !text; if (text) setTimeout(function () { if (said.textContent === text) said.hidden = true; }, 6000); }
  function free(slot, lane) {
    if (!lane.dataset.lane) return false;
    return !Array.prototype.some.call(lane.querySelectorAll('.slot'), function (other) {
      if (other === slot) return false;
      if (slot.dataset.wants) return other.dataset.block === slot.dataset.wants;
      var a = Number(slot.dataset.x), b = a + Number(slot.dataset.width), c = Number(other.dataset.x), d = c + Number(other.dataset.width);
      return a < d && c < b;
    });
  }
  function begin(slot) {
    moving = { slot: slot, home: slot.closest('tr'), over: null };
    slot.classList.add('dragging');
    lanes().forEach(function (lane) { lane.classList.toggle('taken', lane !== moving.home && !free(slot, lane)); });
  }
  function over(lane) {
    if (!moving || moving.over === lane) return;
    if (moving.over) moving.over.classList.remove('over');
    moving.over = lane;
    if (lane) lane.classList.add('over');
  }
  function end() {
    if (!moving) return;
    moving.slot.classList.remove('dragging'); moving.slot.removeAttribute('transform');
    lanes().forEach(function (lane) { lane.classList.remove('taken', 'over'); });
    moving = null;
  }
  function drop() {
    var slot = moving.slot, lane = moving.over, home = moving.home;
    end();
    if (!lane || lane === home) return;
    if (!free(slot, lane)) { say(board().dataset.taken); return; }
    var sent = new URLSearchParams();
    sent.append('_form', body.dataset.proof); sent.append('_seen', slot.dataset.seen); sent.append(board().dataset.rowsBy, lane.dataset.lane);
    slot.classList.add('waiting');
    fetch(slot.dataset.move, { method: 'POST', body: sent, credentials: 'same-origin', headers: { Accept: 'text/html' } }).then(function (answer) {
      if (answer.redirected) return '';
      return answer.text();
    }).then(function (html) {
      slot.classList.remove('waiting');
      if (html) {
        var told = new DOMParser().parseFromString(html, 'text/html').querySelector('.problems');
        if (told && told.classList.contains('warned')) { location.assign(slot.dataset.move + '?' + encodeURIComponent(board().dataset.rowsBy) + '=' + encodeURIComponent(lane.dataset.lane)); return; }
        say(told ? told.textContent.trim().replace(/\s+/g, ' ') : board().dataset.taken);
      }
      document.dispatchEvent(new CustomEvent('moved'));
    }).catch(function () { slot.classList.remove('waiting'); say(body.dataset.away); });
  }
  function laneAt(x, y) { var at = document.elementFromPoint(x, y); return at && at.closest ? at.closest('tr[data-lane]') : null; }

  var now = document.querySelector('.lane .now'), frame = now && now.closest('.scroll');
  if (frame) frame.scrollLeft += now.getBoundingClientRect().left - frame.getBoundingClientRect().left - frame.clientWidth / 2;

  var pressed = null;
  document.addEventListener('pointerdown', function (event) {
    var slot = event.target.closest && event.target.closest('.slot[data-move]');
    if (slot && slot.dataset.move && event.button === 0) pressed = { slot: slot, x: event.clientX, y: event.clientY };
  });
  document.addEventListener('pointermove', function (event) {
    if (!pressed) return;
    if (!moving && Math.abs(event.clientX - pressed.x) + Math.abs(event.clientY - pressed.y) > 6) begin(pressed.slot);
    if (moving) { event.preventDefault(); over(laneAt(event.clientX, event.clientY)); }
  });
  document.addEventListener('pointerup', function () { if (moving) { var was = moving; drop(); was.slot.dataset.dragged = '1'; setTimeout(function () { delete was.slot.dataset.dragged; }, 50); } pressed = null; });
  document.addEventListener('pointercancel', function () { end(); pressed = null; });
  document.addEventListener('dragstart', function (event) { if (event.target.closest && event.target.closest('.slot')) event.preventDefault(); });
  document.addEventListener('click', function (event) { var slot = event.target.closest && event.target.closest('.slot'); if (slot && slot.dataset.dragged) event.preventDefault(); }, true);

  document.addEventListener('keydown', function (event) {
    var slot = document.activeElement && document.activeElement.closest ? document.activeElement.closest('.slot[data-move]') : null;
    if (!slot || !slot.dataset.move) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!moving) begin(slot);
      var all = lanes(), step = event.key === 'ArrowDown' ? 1 : -1, at = all.indexOf(moving.over || moving.home) + step;
      while (at >= 0 && at < all.length && all[at] !== moving.home && !free(slot, all[at])) at += step;
      if (at >= 0 && at < all.length) { over(all[at]); all[at].scrollIntoView({ block: 'nearest' }); say(all[at].querySelector('th').textContent); }
    } else if (event.key === 'Enter' && moving && moving.over) { event.preventDefault(); drop(); }
    else if (event.key === 'Escape' && moving) { event.preventDefault(); end(); say(''); }
  });
  document.addEventListener('focusout', function (event) { if (moving && !pressed && event.target.closest && event.target.closest('.slot') === moving.slot) end(); });
})();
