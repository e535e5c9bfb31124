-- Creations at an even pace: each connection waits BENCH_DELAY_MS before each of its requests.
dofile(os.getenv("BENCH_LUA") .. "/create.lua")
local wait = tonumber(os.getenv("BENCH_DELAY_MS"))

function delay()
    return wait
end
