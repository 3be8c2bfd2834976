/**
 * Each runs as a whole, with nothing in between. Times come from the caller, as in every store; Redis removes by its own clock.
 * Source: Redis, "Scripting with Lua".
 */
export const scripts = {
  increment: {
    numberOfKeys: 1,
    lua: `
      local count = tonumber(redis.call('GET', KEYS[1]) or '0')
      if count + 1 > tonumber(ARGV[1]) then return {0, count} end
      count = redis.call('INCR', KEYS[1])
      redis.call('PEXPIREAT', KEYS[1], ARGV[2])
      return {1, count}`,
  },
  decrement: {
    numberOfKeys: 1,
    lua: `
      local count = tonumber(redis.call('GET', KEYS[1]) or '0')
      if count > 0 then redis.call('DECR', KEYS[1]) end
      return count`,
  },
  putIf: {
    numberOfKeys: 1,
    lua: `
      local current = redis.call('GET', KEYS[1])
      local expected = ARGV[3] == 'value' and ARGV[4]
      if current ~= expected then return {0, current} end
      redis.call('SET', KEYS[1], ARGV[1])
      redis.call('PEXPIREAT', KEYS[1], ARGV[2])
      return {1}`,
  },
};
