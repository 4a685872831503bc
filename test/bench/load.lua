-- One request a call, ids unique over runs. BATCH=1 posts single events of about 300 B, BATCH=100 arrays of them.
local batch = tonumber(os.getenv("BATCH") or "1")
local prefix = os.getenv("PREFIX") or tostring(os.time())
local pad = string.rep("lorem ipsum dolor ", 5)
local head = '{"specversion":"1.0","id":"' .. prefix .. '-'
local middle = '","source":"/bench","type":"order.created","subject":"customer-'
local tail = '","time":"2026-11-21T08:00:00Z","data":{"total":12.50,"currency":"EUR","note":"' .. pad .. '"}}'
local counter = 0

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. (os.getenv("KEY") or "key")

local function event()
  counter = counter + 1
  return head .. counter .. middle .. (counter % 1000) .. tail
end

function request()
  if batch == 1 then
    return wrk.format(nil, nil, nil, event())
  end
  local parts = {}
  for i = 1, batch do
    parts[i] = event()
  end
  return wrk.format(nil, nil, nil, "[" .. table.concat(parts, ",") .. "]")
end
