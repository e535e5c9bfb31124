-- One organisation after the other, by chance, of the codes in BENCH_CODES (a file, one a line).
package.path = os.getenv("BENCH_LUA") .. "/?.lua;" .. package.path
local requests, count = {}, 0

function init()
    math.randomseed(os.time())
    local headers = { Host = "localhost", Authorization = "Bearer " .. os.getenv("BENCH_TOKEN") }
    for code in io.lines(os.getenv("BENCH_CODES")) do
        count = count + 1
        requests[count] = wrk.format("GET", "/v1/organisations/" .. code, headers)
    end
end

function request()
    return requests[math.random(count)]
end

done = require("report").done
