"""What Redis or Valkey does for the run log in one indivisible step each (Lua). No cluster: scripts find keys by name.

Keys, all below ``windowseat:``: ``run:<id>`` (hash: summary, node, recipe, claim, cancelling, whole, forks),
``run:<id>:events`` (stream; entry ``<seq>-0`` is event ``<seq>``: ``d`` its data, ``f`` the forks up to it, if any),
``run:<id>:values`` and ``run:<id>:viewers`` (hashes, until it ends), ``claim:<digest>`` (hash), ``runs`` (sorted set by
number), ``running`` (hash: run to node), ``node:<id>`` (lease: it ends when somebody sees that it isn't renewed),
``nodes`` (set), ``control`` (stream of signals), ``wake:<id>`` (stream), and ``ends`` (a channel: how runs end that
can't be written).

``whole`` of a run is the store that has had all of it: the process, and its history of replication. A failover and a
restart change that, so that who takes a run over knows whether its tail may be lost (``forks.py``).
"""

PREFIX = "windowseat:"

_RUN = """
local P = 'windowseat:'
local function keys(run)
  local key = P .. 'run:' .. run
  return key, key .. ':events', key .. ':values', key .. ':viewers'
end
local function alive(node) return node ~= '' and redis.call('EXISTS', P .. 'node:' .. node) == 1 end
local function signal(kind, run, from)
  redis.call('XADD', P .. 'control', 'MAXLEN', '~', 10000, '*', 'kind', kind, 'run', run, 'from', from)
end
local function store()
  local process = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  return process and history and process .. history
end
"""

# ARGV: me, run, first, last, status, ms, retain_ms, summary (as JSON; what changes is in fields of its own), recipe,
# claim key, fingerprint, number of values, then step and value of each, then the events.
APPEND = (
    _RUN
    + """
local me, run, first, last, status = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local key, events, values, viewers = keys(run)
local data = 12 + 2 * tonumber(ARGV[12])
local known = redis.call('HMGET', key, 'node', 'events', 'status', 'forks')
local head, forks = tonumber(known[2] or '0'), known[4]
if known[1] and known[1] ~= me then return {'lease'} end
if head < first - 1 then return {'lost', head} end
local there = math.min(head, last) - first + 1
if there > 0 then
  local stored = redis.call('XRANGE', events, ARGV[3], string.format('%d', first + there - 1))
  local same = #stored == there
  for i = 1, #stored do same = same and stored[i][2][2] == ARGV[data + i] end
  if not same then return {'taken', head, known[3] or ''} end
  if head >= last then return {'ok'} end
end
if known[3] and known[3] ~= 'running' then return {'taken', head, known[3]} end
if head == 0 then
  local claim = ''
  if ARGV[10] ~= '' then
    claim = P .. 'claim:' .. ARGV[10]
    local taken = redis.call('HMGET', claim, 'run', 'fingerprint')
    if taken[1] then return {'claimed', taken[1], taken[2]} end
    redis.call('HSET', claim, 'run', run, 'fingerprint', ARGV[11])
  end
  local number = redis.call('INCR', P .. 'numbers')
  redis.call('ZADD', P .. 'runs', number, run)
  redis.call('HSET', key, 'summary', ARGV[8], 'node', me, 'claim', claim, 'whole', store() or '')
  if ARGV[9] ~= '' then redis.call('HSET', key, 'recipe', ARGV[9]) end
end
for i = data + there + 1, #ARGV do
  local id = string.format('%d-0', first + i - data - 1)
  if forks then redis.call('XADD', events, id, 'd', ARGV[i], 'f', forks)
  else redis.call('XADD', events, id, 'd', ARGV[i]) end
end
for i = 13, data, 2 do redis.call('HSET', values, ARGV[i], ARGV[i + 1]) end
redis.call('HSET', key, 'status', status, 'events', last, 'ms', ARGV[6])
if status == 'running' then
  redis.call('HSET', P .. 'running', run, me)
else
  redis.call('HDEL', P .. 'running', run)
  redis.call('DEL', values, viewers)
  redis.call('HDEL', key, 'recipe', 'cancelling')
  local claim = redis.call('HGET', key, 'claim')
  for _, old in ipairs({key, events, claim}) do
    if old and old ~= '' then redis.call('PEXPIRE', old, ARGV[7]) end
  end
end
return {'ok'}
"""
)

# ARGV: run
DELETE = (
    _RUN
    + """
local key, events, values, viewers = keys(ARGV[1])
local known = redis.call('HMGET', key, 'status', 'claim')
if not known[1] then redis.call('ZREM', P .. 'runs', ARGV[1]) end
if not known[1] or known[1] == 'running' then return 0 end
redis.call('DEL', key, events, values, viewers)
if known[2] and known[2] ~= '' then redis.call('DEL', known[2]) end
redis.call('ZREM', P .. 'runs', ARGV[1])
return 1
"""
)

_LEASE = """
local now = redis.call('TIME')
local function renewed(node)
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000) + redis.call('PTTL', P .. 'node:' .. node)
end
"""

# To what each node has renewed: node, and a number of ms that changes with each renewal and with nothing else.
LEASES = (
    _RUN
    + _LEASE
    + """
local found = {}
for _, node in ipairs(redis.call('SMEMBERS', P .. 'nodes')) do
  if alive(node) then
    table.insert(found, node)
    table.insert(found, renewed(node))
  else redis.call('SREM', P .. 'nodes', node) end
end
return found
"""
)

# ARGV: a node that hasn't renewed for long, and to what it had
END_LEASE = (
    _RUN
    + _LEASE
    + """
if not alive(ARGV[1]) or math.abs(renewed(ARGV[1]) - tonumber(ARGV[2])) > 50 then return 0 end
redis.call('DEL', P .. 'node:' .. ARGV[1], P .. 'wake:' .. ARGV[1])
redis.call('SREM', P .. 'nodes', ARGV[1])
return 1
"""
)

# ARGV: me. The runs whose node is gone: another one's, for who asks is there.
ABANDONED = (
    _RUN
    + """
local running, nodes, found = redis.call('HGETALL', P .. 'running'), {}, {}
for i = 1, #running, 2 do
  local run, node = running[i], running[i + 1]
  if nodes[node] == nil then nodes[node] = node == ARGV[1] or alive(node) end
  if not nodes[node] then
    if redis.call('EXISTS', (keys(run))) == 1 then table.insert(found, run)
    else redis.call('HDEL', P .. 'running', run) end
  end
end
return found
"""
)

# ARGV: me, run, a token of this very call (it may come twice when the first answer was lost)
ADOPT = (
    _RUN
    + """
local key, _, values = keys(ARGV[2])
local known = redis.call('HMGET', key, 'node', 'status', 'recipe', 'cancelling', 'adoption', 'whole', 'forks', 'events')
if known[2] ~= 'running' then return false end
local forks, again = known[7] or '', known[5] == ARGV[3]
if not again and (known[1] == ARGV[1] or alive(known[1])) then return false end
local here = store()
if not again and (not here or known[6] ~= here) then
  local fork = string.format('%d.%s', tonumber(known[8]) + 1, ARGV[3])
  forks = forks == '' and fork or forks .. ' ' .. fork
  redis.call('HSET', key, 'forks', forks, 'whole', here or '')
end
redis.call('HSET', key, 'node', ARGV[1], 'adoption', ARGV[3])
redis.call('HSET', P .. 'running', ARGV[2], ARGV[1])
return {known[3] or '', known[4] or '', redis.call('HGETALL', values), forks}
"""
)

# ARGV: me, run
HAND_OVER = (
    _RUN
    + """
local key = keys(ARGV[2])
local known = redis.call('HMGET', key, 'node', 'status')
if known[1] == ARGV[1] and known[2] == 'running' then
  redis.call('HSET', key, 'node', '')
  redis.call('HSET', P .. 'running', ARGV[2], '')
end
return 1
"""
)

# ARGV: me, run, its end. A full store takes away, and passes on, all the same.
TELL_END = (
    _RUN
    + """
local key = keys(ARGV[2])
if redis.call('HGET', key, 'node') ~= ARGV[1] then return 0 end
redis.call('HDEL', key, 'whole')
redis.call('PUBLISH', P .. 'ends', ARGV[3])
return 1
"""
)

# ARGV: me, run
CANCEL = (
    _RUN
    + """
local key = keys(ARGV[2])
if redis.call('HGET', key, 'status') ~= 'running' then return 0 end
redis.call('HSET', key, 'cancelling', '1')
signal('cancel', ARGV[2], ARGV[1])
return 1
"""
)

# ARGV: me, run, 1 or 0
WATCH = (
    _RUN
    + """
local key, _, _, viewers = keys(ARGV[2])
if redis.call('HGET', key, 'status') ~= 'running' then return 0 end
if ARGV[3] == '1' then redis.call('HSET', viewers, ARGV[1], '1') else redis.call('HDEL', viewers, ARGV[1]) end
signal('viewers', ARGV[2], ARGV[1])
return 1
"""
)

# ARGV: me, run
WATCHED = (
    _RUN
    + """
local _, _, _, viewers = keys(ARGV[2])
for _, node in ipairs(redis.call('HKEYS', viewers)) do
  if node ~= ARGV[1] then
    if alive(node) then return 1 end
    redis.call('HDEL', viewers, node)
  end
end
return 0
"""
)

# ARGV: me, how long a node is kept that nobody looks at, in ms. PEXPIRE first: it works in a full store too, and a
# lease must not end for that.
RENEW = (
    _RUN
    + """
if redis.call('PEXPIRE', P .. 'node:' .. ARGV[1], ARGV[2]) == 0 then
  redis.call('SET', P .. 'node:' .. ARGV[1], '1', 'PX', ARGV[2])
  redis.call('SADD', P .. 'nodes', ARGV[1])
end
redis.call('PEXPIRE', P .. 'wake:' .. ARGV[1], 60000)
return 1
"""
)

# ARGV: me
OTHERS = (
    _RUN
    + """
local count = 0
for _, node in ipairs(redis.call('SMEMBERS', P .. 'nodes')) do
  if alive(node) then
    if node ~= ARGV[1] then count = count + 1 end
  else redis.call('SREM', P .. 'nodes', node) end
end
return count
"""
)

# ARGV: me
LEAVE = _RUN + "redis.call('DEL', P .. 'node:' .. ARGV[1], P .. 'wake:' .. ARGV[1])\nreturn 1"
