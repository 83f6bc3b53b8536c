-- A Wireshark dissector of Keyport's recordings (docs/tracing.md, "What a
-- recording holds"). Installed it loads by itself; else:
--   tshark -X lua_script:keyport.lua -r FILE

-- Where it is installed and named on the command line too, once is enough.
local fresh, keyport = pcall(Proto, "keyport", "Keyport trace record")
if not fresh then return end

local kinds = {
  [1] = "send", [2] = "receive", [3] = "reply", [4] = "outcome",
  [5] = "drop", [6] = "block", [7] = "payload",
  [16] = "wait", [17] = "wake", [18] = "passed", [19] = "cut", [20] = "stage",
  [21] = "redeem", [22] = "lend", [23] = "lent_back", [24] = "map",
  [25] = "refused",
  [32] = "port_created", [33] = "lane_opened", [34] = "lane_cut",
  [35] = "capability_moved", [36] = "capability_revoked",
  [37] = "process_started", [38] = "process_ended", [39] = "traced",
  [64] = "clock", [65] = "process_name", [66] = "port_name", [67] = "lost",
  [68] = "totals",
}
local SEND, RECEIVE, REPLY, OUTCOME, DROP, BLOCK = 1, 2, 3, 4, 5, 6
local CLOCK, PROCESS_NAME, PORT_NAME, LOST, TOTALS = 64, 65, 66, 67, 68

-- libipc/abi/errors.def; tests compare the two.
local errors = {
  [0] = "ok", "bad_handle", "wrong_type", "access_denied", "invalid_args",
  "out_of_range", "should_wait", "timed_out", "peer_closed", "canceled",
  "revoked", "buffer_too_small", "bad_state", "quota_exceeded", "deadlock",
  "stale_reply", "owner_died", "dropped", "policy_denied", "not_found",
  "already_exists", "not_supported",
}

local f = {
  version = ProtoField.uint16("keyport.version", "Version"),
  kind = ProtoField.uint16("keyport.kind", "Kind", base.DEC, kinds),
  flags = ProtoField.uint16("keyport.flags", "Flags", base.HEX),
  fact = ProtoField.bool("keyport.flags.fact",
    "A fact of the kernel process", 16, nil, 1),
  call = ProtoField.bool("keyport.flags.call", "Of a call", 16, nil, 2),
  handles = ProtoField.uint16("keyport.handles", "Handles"),
  error = ProtoField.uint16("keyport.error", "Error", base.DEC, errors),
  time = ProtoField.uint64("keyport.time", "Time (ns, monotonic)"),
  ticks = ProtoField.uint64("keyport.ticks", "Processor's counter"),
  flow = ProtoField.uint64("keyport.flow", "Flow", base.HEX),
  message = ProtoField.uint64("keyport.message", "Message", base.HEX),
  port = ProtoField.uint64("keyport.port", "Port or object"),
  port_name = ProtoField.string("keyport.port_name", "Port's name"),
  lane = ProtoField.uint64("keyport.lane", "Lane"),
  label = ProtoField.uint32("keyport.label", "Label"),
  correlation = ProtoField.uint32("keyport.correlation", "Correlation"),
  bytes = ProtoField.uint32("keyport.bytes", "Payload bytes"),
  payload = ProtoField.bytes("keyport.payload", "Payload"),
  payload_text = ProtoField.string("keyport.payload_text", "Payload as text"),
  method = ProtoField.string("keyport.method", "Method"),
  decoded = ProtoField.string("keyport.decoded", "Payload by its schema"),
  interval = ProtoField.uint64("keyport.interval", "Interval (ns)"),
  queue = ProtoField.uint64("keyport.queue",
    "Queue: from sent to received (ns)"),
  work = ProtoField.uint64("keyport.work",
    "Work: from received to answered (ns)"),
  total = ProtoField.uint64("keyport.total", "Total: as the caller saw (ns)"),
  cause = ProtoField.uint64("keyport.cause",
    "Since its sender received what it was sent for (ns)"),
  process = ProtoField.uint64("keyport.process", "Written by"),
  sender = ProtoField.uint64("keyport.sender", "Sender"),
  receiver = ProtoField.uint64("keyport.receiver", "Receiver"),
  from = ProtoField.string("keyport.from", "From"),
  to = ProtoField.string("keyport.to", "To"),
  pid = ProtoField.int32("keyport.pid", "Process number"),
  name = ProtoField.string("keyport.name", "Name"),
  unix = ProtoField.uint64("keyport.unix_ns", "Wall clock (ns)"),
  seen = ProtoField.uint64("keyport.seen", "Records seen"),
  lost = ProtoField.uint64("keyport.lost", "Records lost"),
  -- The links that Wireshark draws as arrows.
  sent_in = ProtoField.framenum("keyport.sent_in", "Sent in", base.NONE,
    frametype.REQUEST),
  received_in = ProtoField.framenum("keyport.received_in", "Received in"),
  answered_in = ProtoField.framenum("keyport.answered_in", "Answered in",
    base.NONE, frametype.RESPONSE),
  ended_in = ProtoField.framenum("keyport.ended_in", "Its caller went on in"),
}
keyport.fields = f

local e = {
  failed = ProtoExpert.new("keyport.failed", "The call failed",
    expert.group.RESPONSE_CODE, expert.severity.ERROR),
  no_room = ProtoExpert.new("keyport.no_room", "The send did not get through",
    expert.group.RESPONSE_CODE, expert.severity.WARN),
  dropped = ProtoExpert.new("keyport.dropped",
    "The request was destroyed unanswered", expert.group.SEQUENCE,
    expert.severity.WARN),
  lost = ProtoExpert.new("keyport.records_lost", "Records were lost here",
    expert.group.SEQUENCE, expert.severity.WARN),
  malformed = ProtoExpert.new("keyport.malformed", "This is no whole record",
    expert.group.MALFORMED, expert.severity.ERROR),
}
keyport.experts = e

-- Of one file: names by number, and the frames of each message. Filled while
-- the file is read the first time, in order.
local processes, ports, frames
function keyport.init()
  processes, ports, frames = {}, {}, {}
end

local header_bytes_min = 104
local header_bytes_with_ticks = 112

local function process_name(number)
  local key = tostring(number)
  return processes[key] or (key == "0" and "kernel" or "process " .. key)
end

local function port_name(number)
  local key = tostring(number)
  return ports[key] or ":" .. key
end

local slots = { [SEND] = "sent", [RECEIVE] = "received",
  [REPLY] = "answered", [DROP] = "answered", [OUTCOME] = "ended" }

local function learn_frame(pinfo, kind, message)
  local key = tostring(message)
  if not slots[kind] or key == "0" then return nil end
  if not pinfo.visited then
    frames[key] = frames[key] or {}
    frames[key][slots[kind]] = pinfo.number
  end
  return frames[key]
end

local function add_links(tree, pinfo, kind, message)
  local known = learn_frame(pinfo, kind, message)
  if not known then return end
  local links = { { "sent", f.sent_in }, { "received", f.received_in },
    { "answered", f.answered_in }, { "ended", f.ended_in } }
  for _, link in ipairs(links) do
    local frame = known[link[1]]
    if frame and frame ~= pinfo.number then
      tree:add(link[2], frame):set_generated()
    end
  end
end

local function add_interval(tree, kind, range)
  local field = ({ [SEND] = f.cause, [RECEIVE] = f.queue, [REPLY] = f.work,
    [OUTCOME] = f.total })[kind]
  -- 0: that was before anybody traced; or it was sent for nothing received.
  if (kind == SEND or kind == RECEIVE) and range:le_uint64() == UInt64(0) then return end
  if field then tree:add_le(field, range) end
end

local function add_experts(tree, kind, error)
  local name = errors[error] or tostring(error)
  if kind == OUTCOME and error ~= 0 then
    tree:add_proto_expert_info(e.failed, "The call ended with " .. name)
  elseif kind == BLOCK then
    tree:add_proto_expert_info(e.no_room, "The send ended with " .. name)
  elseif kind == DROP then
    tree:add_proto_expert_info(e.dropped)
  end
end

-- A record of the recorder's own, whose body begins at `at`. Returns a text;
-- nil when the body does not fit the kind.
local function add_meta(tree, kind, buffer, at)
  local length = buffer:len() - at
  if kind == CLOCK and length >= 8 then
    tree:add_le(f.unix, buffer(at, 8))
    return ""
  elseif kind == PROCESS_NAME and length >= 8 then
    tree:add_le(f.pid, buffer(at, 4))
    local name = ""
    if length > 8 then
      tree:add(f.name, buffer(at + 8))
      name = buffer(at + 8):string()
    end
    processes[tostring(buffer(80, 8):le_uint64())] = name
    return name
  elseif kind == PORT_NAME then
    if length == 0 then return "" end
    tree:add(f.name, buffer(at))
    ports[tostring(buffer(40, 8):le_uint64())] = buffer(at):string()
    return buffer(at):string()
  elseif kind == LOST and length >= 8 then
    tree:add_le(f.lost, buffer(at, 8))
    local count = tostring(buffer(at, 8):le_uint64())
    tree:add_proto_expert_info(e.lost, count .. " records were lost here")
    return count .. " records"
  elseif kind == TOTALS and length >= 16 then
    tree:add_le(f.seen, buffer(at, 8))
    tree:add_le(f.lost, buffer(at + 8, 8))
    return tostring(buffer(at, 8):le_uint64()) .. " seen, " ..
      tostring(buffer(at + 8, 8):le_uint64()) .. " lost"
  end
  return nil
end

local function add_header(tree, buffer)
  tree:add_le(f.version, buffer(4, 2))
  tree:add_le(f.kind, buffer(8, 2))
  local flags = tree:add_le(f.flags, buffer(10, 2))
  flags:add_le(f.fact, buffer(10, 2))
  flags:add_le(f.call, buffer(10, 2))
  tree:add_le(f.handles, buffer(12, 2))
  tree:add_le(f.error, buffer(14, 2))
  tree:add_le(f.time, buffer(16, 8))
  tree:add_le(f.flow, buffer(24, 8))
  tree:add_le(f.message, buffer(32, 8))
  tree:add_le(f.port, buffer(40, 8))
  tree:add_le(f.lane, buffer(48, 8))
  tree:add_le(f.label, buffer(56, 4))
  tree:add_le(f.correlation, buffer(60, 4))
  tree:add_le(f.bytes, buffer(64, 4))
  tree:add_le(f.interval, buffer(72, 8))
  tree:add_le(f.process, buffer(80, 8))
  tree:add_le(f.sender, buffer(88, 8))
  tree:add_le(f.receiver, buffer(96, 8))
  if buffer(6, 2):le_uint() >= header_bytes_with_ticks then
    tree:add_le(f.ticks, buffer(104, 8))
  end
end

-- The first bytes of the message, if they were recorded.
local function add_payload(tree, buffer, at)
  if buffer:len() <= at then return end
  tree:add(f.payload, buffer(at))
  local text = buffer(at):string()
  if not text:find("[^%g%s]") then tree:add(f.payload_text, buffer(at)) end
end

-- What keyport knew by a schema when it wrote the packet stands in a comment:
-- `keyport > put {"key":"a"}`. Returns the method's name, if there is one.
local comments = Field.new("frame.comment")
local function add_decoded(tree)
  for _, comment in ipairs({ comments() }) do
    local method, payload =
      tostring(comment.value):match("^keyport [<>] (%S+) ?(.*)$")
    if method then
      tree:add(f.method, method):set_generated()
      if payload ~= "" then tree:add(f.decoded, payload):set_generated() end
      return method
    end
  end
  return nil
end

local function add_names(tree, pinfo, buffer)
  local from = process_name(buffer(88, 8):le_uint64())
  local to = process_name(buffer(96, 8):le_uint64())
  local port = port_name(buffer(40, 8):le_uint64())
  tree:add(f.from, from):set_generated()
  tree:add(f.to, to):set_generated()
  tree:add(f.port_name, port):set_generated()
  pinfo.cols.src = from
  pinfo.cols.dst = to
  return from .. " -> " .. port .. " (" .. to .. ")"
end

local function is_record(buffer)
  return buffer:len() >= header_bytes_min and
    buffer(0, 4):le_uint() == 0x5254504b and buffer(4, 2):le_uint() == 1 and
    buffer(6, 2):le_uint() >= header_bytes_min and
    buffer(6, 2):le_uint() <= buffer:len()
end

function keyport.dissector(buffer, pinfo, root)
  pinfo.cols.protocol = "Keyport"
  local tree = root:add(keyport, buffer())
  if not is_record(buffer) then
    tree:add_proto_expert_info(e.malformed)
    return
  end
  add_header(tree, buffer)
  local kind = buffer(8, 2):le_uint()
  local word = kinds[kind] or "kind " .. kind
  local header = buffer(6, 2):le_uint()
  if kind >= CLOCK then
    pinfo.cols.src = "kernel"
    local text = add_meta(tree, kind, buffer, header)
    if not text then tree:add_proto_expert_info(e.malformed) end
    pinfo.cols.info = word .. " " .. (text or "")
  elseif kind >= SEND and kind <= BLOCK then
    local path = add_names(tree, pinfo, buffer)
    add_interval(tree, kind, buffer(72, 8))
    add_payload(tree, buffer, header)
    local method = add_decoded(tree)
    add_experts(tree, kind, buffer(14, 2):le_uint())
    add_links(tree, pinfo, kind, buffer(32, 8):le_uint64())
    local error = buffer(14, 2):le_uint()
    pinfo.cols.info = word .. " " .. path .. " " ..
      (method or "label " .. buffer(56, 4):le_uint()) ..
      (error ~= 0 and " " .. (errors[error] or error) or "")
  else
    pinfo.cols.src = process_name(buffer(80, 8):le_uint64())
    pinfo.cols.info = word .. " " ..
      tostring(buffer(40, 8):le_uint64())
  end
  tree:append_text(", " .. word)
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, keyport)
