-- A practice that was not there before, each under a key of its own: BENCH_PREFIX differs by run, the counter within it. The text is put
-- together here, since wrk.format would cost more than the rest of the generator.
package.path = os.getenv("BENCH_LUA") .. "/?.lua;" .. package.path
local prefix, head, counter = os.getenv("BENCH_PREFIX"), nil, 0

function init()
    head = "POST /v1/organisations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer " ..
        os.getenv("BENCH_TOKEN") .. "\r\nIdempotency-Key: " .. prefix
end

function request()
    counter = counter + 1
    local body = '{"code":"' .. prefix .. counter .. '","name":"A practice of the measure","kind":"practice","level":"practice",' ..
        '"parent":"ics-llr","statedPopulation":9000,"source":"tests/bench"}'
    return head .. counter .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

done = require("report").done
