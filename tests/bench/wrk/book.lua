-- One booking after the other of those in BENCH_BOOKINGS (lines "token patient slot"; the token is a line's number in BENCH_TOKENS), each under a
-- key of its own. BENCH_EACH: how often each slot is asked for, one right after the other.
package.path = os.getenv("BENCH_LUA") .. "/?.lua;" .. package.path
local prefix, each = os.getenv("BENCH_PREFIX"), tonumber(os.getenv("BENCH_EACH") or "1")
local tokens, lines, counter = {}, nil, 0
local head, slot_body

function init()
    for token in io.lines(os.getenv("BENCH_TOKENS")) do
        tokens[#tokens + 1] = "POST /v1/appointments HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer " ..
            token .. "\r\nIdempotency-Key: " .. prefix
    end
    lines = io.lines(os.getenv("BENCH_BOOKINGS"))
end

function request()
    if counter % each == 0 then
        local token, patient, slot = (lines() or ""):match("^(%d+) (%S+) (%S+)$")
        if token then
            head = tokens[tonumber(token)]
            slot_body = '{"patient":"' .. patient .. '","slots":["' .. slot .. '"],"description":"Knee pain for two weeks"}'
        end
        -- Beyond the last one, that is asked for again, and refused.
    end
    counter = counter + 1
    return head .. counter .. "\r\nContent-Length: " .. #slot_body .. "\r\n\r\n" .. slot_body
end

done = require("report").done
