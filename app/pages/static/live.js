/* One event stream for all tabs of a browser: a host may be given six connections, and a stream per tab would take them all. */
'use strict';
var ports = [], source = null, away = false;
function tell(message) { ports.forEach(function (port) { port.postMessage(message); }); }
function listen() {
  source = new EventSource('/live');
  source.onopen = function () { if (away) { away = false; tell({ back: true, types: ['*'] }); } };
  source.onmessage = function (event) { tell(JSON.parse(event.data)); };
  source.onerror = function () {
    if (!away) { away = true; tell({ away: true }); }
    if (source.readyState === 2) { source = null; if (ports.length) setTimeout(listen, 3000); }
  };
}
onconnect = function (event) {
  var port = event.ports[0]; ports.push(port);
  port.onmessage = function (said) {
    ports = ports.filter(function (other) { return other !== port; });
    if (said.data === 'hello') ports.push(port);
    if (ports.length && !source) listen();
    if (!ports.length && source) { source.close(); source = null; }
  };
  if (!source) listen();
};
