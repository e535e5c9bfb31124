-- One search after the other, by chance, of those in BENCH_SEARCHES (lines "token path"; the token is a line's number in BENCH_TOKENS).
package.path = os.getenv("BENCH_LUA") .. "/?.lua;" .. package.path
local requests, count = {}, 0

function init()
    local tokens = {}
    math.randomseed(os.time())
    for token in io.lines(os.getenv("BENCH_TOKENS")) do
        tokens[#tokens + 1] = token
    end
    for line in io.lines(os.getenv("BENCH_SEARCHES")) do
        local token, path = line:match("^(%d+) (.+)$")
        count = count + 1
        requests[count] = "GET " .. path .. " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " .. tokens[tonumber(token)] .. "\r\n\r\n"
    end
end

function request()
    return requests[math.random(count)]
end

done = require("report").done
