// A little-endian microsecond Ethernet capture → the same with VLAN tags in every frame, as a tagged mirror port
// would send it. The outermost tag comes first.
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const MAC_ADDRESSES_BYTES = 12;
const TAG_BYTES = 4;
const ETHERTYPE_8021Q = 0x8100;
const ETHERTYPE_8021AD = 0x88a8;

/** Throws where the capture ends inside a record. */
export function insertVlanTags(capture: Buffer, vlanIds: readonly number[]): Buffer {
  const tags = Buffer.alloc(TAG_BYTES * vlanIds.length);
  for (const [at, vlanId] of vlanIds.entries()) {
    const isInnermost = at === vlanIds.length - 1;
    tags.writeUInt16BE(isInnermost ? ETHERTYPE_8021Q : ETHERTYPE_8021AD, at * TAG_BYTES);
    tags.writeUInt16BE(vlanId, at * TAG_BYTES + 2);
  }
  const parts: Buffer[] = [capture.subarray(0, FILE_HEADER_BYTES)];
  for (let at = FILE_HEADER_BYTES; at < capture.length; ) {
    const header = Buffer.from(capture.subarray(at, at + RECORD_HEADER_BYTES));
    const frameBytes = header.readUInt32LE(8);
    const frame = capture.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + frameBytes);
    if (frame.length < frameBytes) throw new Error(`the capture ends inside the record at byte ${at}`);
    header.writeUInt32LE(frameBytes + tags.length, 8);
    header.writeUInt32LE(header.readUInt32LE(12) + tags.length, 12);
    parts.push(header, frame.subarray(0, MAC_ADDRESSES_BYTES), tags, frame.subarray(MAC_ADDRESSES_BYTES));
    at += RECORD_HEADER_BYTES + frameBytes;
  }
  return Buffer.concat(parts);
}
