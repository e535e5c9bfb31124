-- One of the paths in BENCH_PATHS (a file, one a line) after the other, by chance.
package.path = os.getenv("BENCH_LUA") .. "/?.lua;" .. package.path
local requests, count = {}, 0

function init()
    math.randomseed(os.time())
    local headers = { Host = "localhost", Authorization = "Bearer " .. os.getenv("BENCH_TOKEN") }
    for path in io.lines(os.getenv("BENCH_PATHS")) do
        count = count + 1
        requests[count] = wrk.format("GET", path, headers)
    end
end

function request()
    return requests[math.random(count)]
end

done = require("report").done
