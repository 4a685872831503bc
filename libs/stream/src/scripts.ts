// Generated from scripts/*.lua by `bun run generate`: edit those.

export type Script = {
  /** SHA-1 of the source, the name that EVALSHA calls it by. */
  readonly sha: string;
  /** The same of what `keyLockingSource` makes of it. */
  readonly keyLockingSha: string;
  readonly source: string;
};

export const aheadScript: Script = {
  sha: "908503b7158a12e8a1b3ab762222b11bea206b61",
  keyLockingSha: "1f67ab1305d93c4df98d7afa19376ae8fa93f289",
  source: `#!lua flags=no-writes

local PART = 8 -- entries of one step: a chunk may have a megabyte
local ENTRY = 64 -- bytes that an entry counts beside its chunk, so that damaged ones end, too

local nonce, id, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])

local function eventsOf(entry)
  return tonumber(string.match(entry[2][4] or '', '^(%d+)')) or 0
end

local function count(command, from)
  local events, bytes = 0, 0
  while bytes < limit do
    local part = redis.call(command, KEYS[1], from, '(' .. id, 'COUNT', PART)
    for _, entry in ipairs(part) do
      events = events + eventsOf(entry)
      bytes = bytes + ENTRY + #(entry[2][2] or '')
    end
    if #part < PART then return events, true end
    from = '(' .. part[#part][1]
  end
  return events, false
end

local own = redis.call('XRANGE', KEYS[1], id, id)[1]
if not own then return {nonce, -1, -1} end
local before, isAll = count('XRANGE', '-')
if isAll then return {nonce, before, before} end
local had = redis.call('HMGET', KEYS[2], 'accepted', 'relayed', 'dead', 'parked')
local function number(at) return tonumber(had[at]) or 0 end
local after, isRest = count('XREVRANGE', '+')
local most = math.max(before, number(1) - number(2) - number(3) - number(4) - eventsOf(own) - after)
if isRest then return {nonce, most, most} end
return {nonce, before, most}
`,
};

export const appendScript: Script = {
  sha: "e5eaac2a9dd1bed6bdebbc1c9e68dc076ded0c5a",
  keyLockingSha: "bb747601a082138cc4117e0f385dba3afb3ee437",
  source: `
local SLICE = 1000 -- arguments to one command: unpack() ends at about 8000
local KEYS_EACH = 7
local HEAD, VALUES_EACH = 7, 5 -- arguments before those of the chunks, and of each
local KEY_LENGTH = 16 -- of a dedup key; DIGEST96_LENGTH in libs/event, which a test compares

local window, events_max, bytes_max = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local lease, installation, asked = ARGV[5], ARGV[6], ARGV[7] == '1'
local time = redis.call('TIME')
local period = math.floor(tonumber(time[1]) / window)

local function packed(id)
  local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
  local left, bytes = tonumber(ms), {}
  for i = 6, 1, -1 do
    bytes[i] = string.char(left % 256)
    left = math.floor(left / 256)
  end
  return table.concat(bytes) .. sequence
end

local function totals_of(count)
  local all, fields = {}, redis.call('HGETALL', count)
  for i = 1, #fields, 2 do
    local writer = string.match(fields[i], '^w:(.+)$')
    if writer then all[#all + 1] = writer .. ':' .. fields[i + 1] end
  end
  return table.concat(all, ',')
end

local function forget_writers(count)
  for _, field in ipairs(redis.call('HKEYS', count)) do
    if string.sub(field, 1, 2) == 'w:' then redis.call('HDEL', count, field) end
  end
end

local function bring(count, rows, fields)
  for writer, total in string.gmatch(rows, '(%w+)%.(%d+)%.') do
    if tonumber(total) > (tonumber(redis.call('HGET', count, 'o:' .. writer)) or 0) then
      fields[#fields + 1] = 'o:' .. writer
      fields[#fields + 1] = total
    end
  end
end

local function remember(dedup, ids, place)
  for from = 1, #ids, SLICE do
    local fields = {}
    for i = from, math.min(from + SLICE - 1, #ids) do
      fields[#fields + 1] = ids[i]
      fields[#fields + 1] = place
    end
    redis.call('HSET', dedup, unpack(fields))
  end
end

local function forget(dedup, ids)
  for from = 1, #ids, SLICE do redis.call('HDEL', dedup, unpack(ids, from, math.min(from + SLICE - 1, #ids))) end
end

local function undo(stream, id, isBorn, dedup, fresh)
  if isBorn then redis.pcall('DEL', stream) else redis.pcall('XDEL', stream, id) end
  pcall(forget, dedup, fresh)
end

local function append(nonce, first, chunk, joined, writer, floor, rows)
  local stream, count = KEYS[first], KEYS[first + 4]
  if lease == '' then
    if redis.call('EXISTS', KEYS[first + 5]) == 1 then return {nonce, 'DIVERTED', '', '', ''} end
  elseif redis.call('GET', KEYS[first + 6]) ~= lease then
    return {nonce, 'FENCED', '', '', ''}
  end

  local mine = 'w:' .. writer
  local had = redis.call(
    'HMGET', count, 'accepted', 'duplicate', 'relayed', 'dead', 'bytes', 'epoch', 'installation', 'parked', mine
  )
  local isAgreed = had[7] == installation
  if not isAgreed and not asked then return {nonce, 'UNAGREED', '', '', ''} end
  local written = tonumber(had[9]) or 0
  if written < floor then return {nonce, 'BEHIND', '', '', ''} end
  local accepted, duplicate = tonumber(had[1]) or 0, tonumber(had[2]) or 0
  local settled = (tonumber(had[3]) or 0) + (tonumber(had[4]) or 0) + (tonumber(had[8]) or 0)
  local bytes = tonumber(had[5]) or 0
  if (accepted - settled >= events_max or bytes >= bytes_max) and redis.call('EXISTS', stream) == 1 then
    return {nonce, 'FULL', '', '', ''}
  end

  local current, previous = KEYS[first + 1 + period % 3], KEYS[first + 1 + (period + 2) % 3]
  local total = #joined / KEY_LENGTH
  local ids, fresh, skipped, inside = {}, {}, {}, {}
  for i = 1, total do ids[i] = string.sub(joined, (i - 1) * KEY_LENGTH + 1, i * KEY_LENGTH) end
  for from = 1, total, SLICE do
    local to = math.min(from + SLICE - 1, total)
    local now = redis.call('HMGET', current, unpack(ids, from, to))
    local before = redis.call('HMGET', previous, unpack(ids, from, to))
    for i = from, to do
      local id = ids[i]
      if now[i - from + 1] or before[i - from + 1] or inside[id] then
        skipped[#skipped + 1] = i - 1
      else
        inside[id] = true
        fresh[#fresh + 1] = id
      end
    end
  end

  local skip = table.concat(skipped, ',')
  if #fresh == 0 then
    local fields = {'duplicate', duplicate + total, 'installation', installation}
    bring(count, rows, fields)
    redis.call('HSET', count, unpack(fields))
    return {nonce, 'OK', '', skip, totals_of(count)}
  end

  written = written + #fresh
  local total_of_mine = writer .. ':' .. written
  local counted = #fresh .. ':' .. skip .. ':' .. total_of_mine .. (rows == '' and '' or ':' .. rows)
  local entry = {'*', 'c', chunk, 'n', counted, 'd', total .. ':' .. counted}
  local id = redis.call('XADD', stream, 'NOMKSTREAM', unpack(entry))
  if not id and floor > 0 then return {nonce, 'BEHIND', '', '', ''} end
  local isBorn = not id
  id = id or redis.call('XADD', stream, unpack(entry))

  local done, failure = pcall(function()
    local fields = {mine, written, 'installation', installation}
    if isBorn or not had[6] then
      accepted, duplicate, bytes = 0, 0, 0
      forget_writers(count)
      local epoch = time[1] .. string.format('%06d', time[2])
      for _, one in ipairs({'epoch', epoch, 'relayed', 0, 'dead', 0, 'parked', 0}) do fields[#fields + 1] = one end
    end
    remember(current, fresh, packed(id))
    redis.call('PEXPIREAT', current, (period + 2) * window * 1000)
    bring(count, rows, fields)
    redis.call(
      'HSET', count, 'accepted', accepted + #fresh, 'duplicate', duplicate + #skipped, 'bytes', bytes + #chunk, unpack(fields)
    )
  end)
  if not done then
    undo(stream, id, isBorn, current, fresh)
    error(failure, 0)
  end
  return {nonce, 'OK', id, skip, #skipped > 0 and totals_of(count) or total_of_mine}
end

local replies = {}
for n = 1, #KEYS / KEYS_EACH do
  local nonce = ARGV[1] .. '.' .. n
  local at = HEAD + (n - 1) * VALUES_EACH
  local floor = tonumber(ARGV[at + 4])
  local done, reply = pcall(
    append, nonce, (n - 1) * KEYS_EACH + 1, ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], floor, ARGV[at + 5]
  )
  if not done then
    local text = type(reply) == 'table' and reply.err or tostring(reply)
    reply = {nonce, 'ERROR', text, '', ''}
  end
  replies[n] = reply
end
return replies
`,
};

export const divertScript: Script = {
  sha: "865a37f90c4db2e4e6802ed32a4cbb54b4cf3400",
  keyLockingSha: "256fa857c4e1b26b0d4f878a288eb2711119e966",
  source: `#!lua flags=allow-oom

local op, claim = ARGV[1], ARGV[2]
local stamp = redis.call('GET', KEYS[1])

if op == 'raise' then
  if ARGV[4] ~= '1' and redis.call('HGET', KEYS[3], 'installation') ~= claim then return {'UNAGREED', ''} end
elseif redis.call('GET', KEYS[2]) ~= claim then
  return {'FENCED', ''}
end

if op == 'end' then
  if stamp and stamp ~= ARGV[3] then return {'RENEWED', stamp} end
  redis.call('DEL', KEYS[1])
  return {'OK', ''}
end

local since = stamp and string.match(stamp, '^%d+')
if not since then
  local time = redis.call('TIME')
  since = time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000))
end
stamp = since .. ' ' .. ARGV[3]
redis.call('SET', KEYS[1], stamp)
return {'OK', stamp}
`,
};

export const findScript: Script = {
  sha: "4b9f3c102f81542d1f64e9a6efbb2541d3d69099",
  keyLockingSha: "92f8bd3c18df08c09d1eba66bbdb6bb9e1afee83",
  source: `#!lua flags=no-writes

local KEPT = 4 -- of base64: version and flags

local function unpacked(place)
  local ms = 0
  for i = 1, 6 do ms = ms * 256 + string.byte(place, i) end
  return string.format('%.0f', ms) .. '-' .. string.sub(place, 7)
end

local nonce, window, key = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local had = redis.call('HMGET', KEYS[5], 'installation', 'epoch')
if had[1] and had[1] ~= ARGV[4] then return {nonce, 'FOREIGN', '', ''} end
local period = math.floor(tonumber(redis.call('TIME')[1]) / window)
local place = redis.call('HGET', KEYS[2 + period % 3], key) or redis.call('HGET', KEYS[2 + (period + 2) % 3], key)
if not place then
  local born = had[2] and math.floor(tonumber(had[2]) / 1000)
  local since = born and string.format('%.0f', math.max(born, (period - 1) * window * 1000)) or ''
  return {nonce, 'ABSENT', since, ''}
end
local id = unpacked(place)
local found = redis.call('XRANGE', KEYS[1], id, id)[1]
if not found then return {nonce, 'LEFT', id, ''} end
return {nonce, 'HELD', id, string.sub(found[2][2] or '', 1, KEPT)}
`,
};

export const forgetScript: Script = {
  sha: "30b86bdf3e83bcf9d8e1b8cbc7453f02cf22243f",
  keyLockingSha: "92cb538d83c3bd3db50b8540f0856f7bc8b486b8",
  source: `#!lua flags=allow-oom

if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 'FENCED' end
for i = 2, #ARGV do redis.call('HDEL', KEYS[1], 'w:' .. ARGV[i], 'o:' .. ARGV[i]) end
return 'OK'
`,
};

export const inspectScript: Script = {
  sha: "9dff689dd6c5696eb4b7af11fa233bbc68a83f57",
  keyLockingSha: "71b3f68e40ad00c69f10bf5200483cb0ba80e72a",
  source: `#!lua flags=no-writes

local KEYS_EACH = 4

local function number(value) return tonumber(value) or 0 end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function inspect(first)
  local oldest = redis.call('XRANGE', KEYS[first], '-', '+', 'COUNT', 1)[1]
  local had = redis.call('HMGET', KEYS[first + 1], 'accepted', 'relayed', 'dead', 'bytes', 'parked')
  return {
    now,
    oldest and oldest[1] or '',
    number(had[1]),
    number(had[2]),
    number(had[3]),
    number(had[4]),
    redis.call('GET', KEYS[first + 3]) or '',
    redis.call('GET', KEYS[first + 2]) or '',
    number(had[5]),
  }
end

local replies = {}
for first = 1, #KEYS, KEYS_EACH do
  local done, reply = pcall(inspect, first)
  if not done then reply = {type(reply) == 'table' and reply.err or tostring(reply)} end
  replies[#replies + 1] = reply
end
return replies
`,
};

export const keepScript: Script = {
  sha: "41909cd6123c10d0c7f0c6b0ce5691002979a3e8",
  keyLockingSha: "0b5cc2c2827da24b604679b80044d3fff99d51a6",
  source: `#!lua flags=allow-oom

local owner, owners = ARGV[1], {}
if owner ~= '' then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), owner)
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  owners = redis.call('ZRANGE', KEYS[1], 0, -1)
  table.sort(owners)
end
local replies = {owners}
for i = 2, #KEYS do
  local value, ttl = ARGV[2 * i - 1], ARGV[2 * i]
  replies[i] = redis.call('GET', KEYS[i]) == value and redis.call('PEXPIRE', KEYS[i], ttl) or 0
end
return replies
`,
};

export const leaseScript: Script = {
  sha: "595999b7139c7f4b9bd08da3d5e925dc5a99ea74",
  keyLockingSha: "2bac57e94bd28be260f015eb6c82ce8a58126b13",
  source: `#!lua flags=allow-oom

local op, claim, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])
local held = redis.call('GET', KEYS[1])

if op == 'take' then
  if held and string.sub(held, string.find(held, ' ', 1, true) + 1) ~= claim then return 0 end
  local last = tonumber(redis.call('HGET', KEYS[2], 'token'))
  if not last then
    local time = redis.call('TIME')
    last = tonumber(time[1]) * 1000000 + tonumber(time[2])
  end
  local token = math.max(last, tonumber(ARGV[4] or 0)) + 1
  redis.call('HSET', KEYS[2], 'token', string.format('%.0f', token))
  redis.call('SET', KEYS[1], string.format('%.0f', token) .. ' ' .. claim, 'PX', ttl)
  return token
end

if held ~= claim then return 0 end
if op == 'renew' then return redis.call('PEXPIRE', KEYS[1], ttl) end
return redis.call('DEL', KEYS[1])
`,
};

export const lookScript: Script = {
  sha: "1beb27c144a51d1578cc8c0df81ac150fc8a2705",
  keyLockingSha: "ccb41ba5a316146fda7e17ba81e47fe2090a5f4c",
  source: `#!lua flags=no-writes

local KEYS_EACH = 3

local function look(first)
  local stream, count, diverted = KEYS[first], KEYS[first + 1], KEYS[first + 2]
  return {
    'OK',
    redis.call('EXISTS', stream),
    redis.call('XLEN', stream),
    redis.call('HGETALL', count),
    redis.call('GET', diverted) or '',
  }
end

local info = redis.pcall('INFO', 'server', 'replication')
local text = type(info) == 'string' and info or type(info) == 'table' and info.verbatim_string and info.verbatim_string.string or ''
local run, replication = string.match(text, 'run_id:(%w+)'), string.match(text, 'master_replid:(%w+)')
local replies = {(run or '') .. ' ' .. (replication or '')}
for first = 1, #KEYS, KEYS_EACH do
  local done, reply = pcall(look, first)
  if not done then reply = {'ERROR', type(reply) == 'table' and reply.err or tostring(reply)} end
  replies[#replies + 1] = reply
end
return replies
`,
};

export const marksScript: Script = {
  sha: "a860a3350b69d428c4d2a68c6138fd73ae23170c",
  keyLockingSha: "68086d407b5f66aa6df0f89dbf26e95d272cffc0",
  source: `#!lua flags=no-writes

local info = redis.pcall('INFO', 'server', 'replication')
local text = type(info) == 'string' and info or type(info) == 'table' and info.verbatim_string and info.verbatim_string.string or ''
local run, replication = string.match(text, 'run_id:(%w+)'), string.match(text, 'master_replid:(%w+)')
return {(run or '') .. ' ' .. (replication or ''), redis.call('HGETALL', KEYS[1])}
`,
};

export const missingScript: Script = {
  sha: "c0960eaaecdacbfb811ec1bc27b941a027ceecc3",
  keyLockingSha: "5737b122ce04c306d01164524044421868ba6f17",
  source: `#!lua flags=no-writes

local SLICE = 1000
local KEY_LENGTH = 16

local window, joined = tonumber(ARGV[1]), ARGV[2]
local period = math.floor(tonumber(redis.call('TIME')[1]) / window)
local current, previous = KEYS[1 + period % 3], KEYS[1 + (period + 2) % 3]
local ids, missing = {}, 0
for i = 1, #joined / KEY_LENGTH do ids[i] = string.sub(joined, (i - 1) * KEY_LENGTH + 1, i * KEY_LENGTH) end
for from = 1, #ids, SLICE do
  local to = math.min(from + SLICE - 1, #ids)
  local now = redis.call('HMGET', current, unpack(ids, from, to))
  local before = redis.call('HMGET', previous, unpack(ids, from, to))
  for i = 1, #now do
    if not now[i] and not before[i] then missing = missing + 1 end
  end
end
return missing
`,
};

export const parkScript: Script = {
  sha: "52ba0f4f26d02e05d346df512dcc106819c04da3",
  keyLockingSha: "252b6636ef08bb544b96e749cb4b054aefc61be0",
  source: `#!lua flags=allow-oom

if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 'FENCED' end
local time = redis.call('TIME')
local now = time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000))
for i = 3, #ARGV do
  if ARGV[2] == 'end' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSETNX', KEYS[1], ARGV[i], now)
  end
end
if ARGV[2] == 'all' then
  local info = redis.pcall('INFO', 'server', 'replication')
  local text = type(info) == 'string' and info or type(info) == 'table' and info.verbatim_string and info.verbatim_string.string or ''
  local run, replication = string.match(text, 'run_id:(%w+)'), string.match(text, 'master_replid:(%w+)')
  redis.call('HSET', KEYS[1], '*', (run or '') .. ' ' .. (replication or ''))
end
return 'OK'
`,
};

export const relaysScript: Script = {
  sha: "f23fe35d440dfd004eebfc52cc4dbe46ba05c39a",
  keyLockingSha: "cf9be6b44286eeac61b734a6c94065d20eba9ffb",
  source: `#!lua flags=allow-oom

local owner, ttl = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if ttl > 0 then
  redis.call('ZADD', KEYS[1], now + ttl, owner)
else
  redis.call('ZREM', KEYS[1], owner)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local owners = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(owners)
return owners
`,
};

export const settleScript: Script = {
  sha: "b0f6bc8448a25dbabed0499e98d0a71ed5001050",
  keyLockingSha: "057355522d7636dc049399cbd365c7263b2f5168",
  source: `#!lua flags=allow-oom

local SLICE = 1000

local relayed_max, parked_max = tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 'FENCED' end

local function countOf(counted, doubled)
  if string.sub(doubled, -#counted - 1) ~= ':' .. counted then
    local total, again, skipped = string.match(doubled, '^(%d+):(%d+):([%d,]*):[a-z0-9]+:%d+[a-z0-9.,:-]*$')
    local _, left = string.gsub(skipped or '', '%d+', '')
    if total and tonumber(total) == again + left then return tonumber(again) end
  end
  return tonumber(string.match(counted, '^(%d+):')) or 0
end

local events, bytes, present, taken = 0, 0, {}, {}
for i = 4, #ARGV do
  local id, mark = string.match(ARGV[i], '^(%S+) ?(.*)$')
  local found = not taken[id] and redis.call('XRANGE', KEYS[1], id, id)[1]
  local fields = found and found[2] or {}
  if found and string.sub(fields[2], 1, #mark) == mark then
    taken[id] = true
    present[#present + 1] = id
    local count = #fields == 6 and countOf(fields[4], fields[6]) or 0
    if count > 0 then events, bytes = events + count, bytes + #fields[2] end
  end
end
if #present == 0 then return 'OK' end

for from = 1, #present, SLICE do
  redis.call('XDEL', KEYS[1], unpack(present, from, math.min(from + SLICE - 1, #present)))
end
local had = redis.call('HMGET', KEYS[2], 'accepted', 'relayed', 'dead', 'parked', 'bytes')
local function number(i) return tonumber(had[i]) or 0 end
events = math.max(0, math.min(events, number(1) - number(2) - number(3) - number(4)))
bytes = math.max(0, math.min(bytes, number(5)))
local relayed = math.min(relayed_max, events)
local parked = math.min(parked_max, events - relayed)
redis.call('HINCRBY', KEYS[2], 'relayed', relayed)
if parked > 0 then redis.call('HINCRBY', KEYS[2], 'parked', parked) end
redis.call('HINCRBY', KEYS[2], 'dead', events - relayed - parked)
redis.call('HINCRBY', KEYS[2], 'bytes', 0 - bytes) -- a negated zero would be sent as -0, which is no integer
return 'OK'
`,
};

export const usageScript: Script = {
  sha: "9bf4a7b965ad8c20f35d31118c818bc1de53a81d",
  keyLockingSha: "29e3cc128d698e0b508a8a357e4fbed3c4eb5594",
  source: `
local FRESH, FADE = 200, 2000
local edge, ttl = ARGV[2], tonumber(ARGV[5])
local edges, events, bytes = 1, tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local told = redis.call('HGETALL', KEYS[1])
for i = 1, #told, 2 do
  local at, e, b = string.match(told[i + 1], '^(%d+) (%S+) (%S+)$')
  local age = at and now - tonumber(at) or ttl
  if told[i] ~= edge and age < ttl then
    local weight = math.exp(-math.max(0, age - FRESH) / FADE)
    edges, events, bytes = edges + 1, events + tonumber(e) * weight, bytes + tonumber(b) * weight
  elseif told[i] ~= edge then
    redis.call('HDEL', KEYS[1], told[i])
  end
end
redis.call('HSET', KEYS[1], edge, string.format('%.0f', now) .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
redis.call('PEXPIRE', KEYS[1], ttl)
return {ARGV[1], edges, string.format('%.3f', events), string.format('%.3f', bytes)}
`,
};
