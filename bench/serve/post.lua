-- Post the bodies of a file, one a line, one after the other; at the end print what was measured, as JSON.
local requests, place = {}, 0

function init(args)
   local file = assert(io.open(args[1], "rb"))
   local kind = args[2]
   while true do
      local size = file:read("*l")
      if size == nil then break end
      local body = file:read(tonumber(size))
      file:read("*l")
      requests[#requests + 1] = wrk.format("POST", nil, {["Content-Type"] = kind}, body)
   end
   file:close()
end

function request()
   place = place % #requests + 1
   return requests[place]
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      '\n{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f, "errors": %d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      latency.max / 1e3, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
