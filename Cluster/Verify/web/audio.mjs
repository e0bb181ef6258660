// Makes a verified take audible in the page: G.711 (ITU-T G.711) placed in time, two legs as left and right.

import { littleEndian, concat, u16, u32, utf8 } from './bytes.mjs';

export const sampleRate = 8000;
const maxSeconds = 12 * 3600;
const nsPerSample = 1e9 / sampleRate;

// Further than this from its arrival, a packet's timestamp is not believed: the sender paused or jumped.
const maxStraySamples = sampleRate / 2;

/** One A-law octet as a 16-bit sample. */
export function aLaw(octet) {
  const code = octet ^ 0x55;
  const exponent = (code >> 4) & 7;
  const mantissa = ((code & 15) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 256) << (exponent - 1);
  return code & 0x80 ? magnitude : -magnitude;
}

/** One µ-law octet as a 16-bit sample. */
export function muLaw(octet) {
  const code = ~octet & 0xff;
  const magnitude = ((((code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132;
  return code & 0x80 ? -magnitude : magnitude;
}

const tables = {
  PCMA: Int16Array.from({ length: 256 }, (_, i) => aLaw(i)),
  PCMU: Int16Array.from({ length: 256 }, (_, i) => muLaw(i)),
};
const staticTypes = { 0: 'PCMU', 8: 'PCMA' };

/** True where the page can decode every stream of a take itself. */
export const canDecode = (descriptor) =>
  descriptor.streams.every((stream) => stream.codec.toUpperCase() in tables);

/** Keeps the packets of takes while they are verified. */
export class PacketKeeper {
  #takes = new Map();

  keep(take, stream, packet, facts) {
    if (facts.rtcp || facts.foreign) return;
    const streams = this.#takes.get(take) ?? new Map();
    this.#takes.set(take, streams);
    const packets = streams.get(stream) ?? [];
    streams.set(stream, packets);
    packets.push({ packet, arrivalNs: facts.arrivalNs });
  }

  streamsOf(take) {
    return this.#takes.get(take) ?? new Map();
  }
}

/**
 * A take as stereo samples: even streams left, odd ones right. Every packet stands where its timestamp puts it from the
 * first packet of its SSRC on; what is missing is silence. What begins within the take is heard whole.
 */
export function renderTake(descriptor, streams) {
  const startNs = BigInt(descriptor.startMonotonicNs);
  const seconds = Math.min(maxSeconds, Math.max(0, descriptor.endedAt - descriptor.startedAt) / 1000);
  const length = Math.ceil(seconds * sampleRate);
  const runs = [...streams].flatMap(([number, packets]) => {
    const codec = descriptor.streams[number]?.codec.toUpperCase();
    return place(packets, startNs, descriptor.streams[number]?.payloadType, codec)
      .filter(({ position }) => position < length)
      .map((run) => ({ side: number % 2, ...run }));
  });
  const end = runs.reduce((most, { position, payload }) => Math.max(most, position + payload.length), length);
  const sides = [new Int16Array(end), new Int16Array(end)];
  for (const { side, position, payload, table } of runs) {
    for (let i = Math.max(0, -position); i < payload.length; i++) {
      sides[side][position + i] = clamp(sides[side][position + i] + table[payload[i]]);
    }
  }
  return sides;
}

function place(packets, startNs, offeredType, codec) {
  const anchors = new Map();
  const runs = [];
  for (const { packet, arrivalNs } of packets) {
    const rtp = readRtp(packet);
    const table = rtp && tables[rtp.type === offeredType ? codec : staticTypes[rtp.type]];
    if (!table) continue;
    const arrival = Math.round(Number(arrivalNs - startNs) / nsPerSample);
    let anchor = anchors.get(rtp.ssrc);
    let position = anchor && anchor.position + ((rtp.timestamp - anchor.timestamp) | 0);
    if (!anchor || Math.abs(position - arrival) > maxStraySamples) {
      anchor = { position: arrival, timestamp: rtp.timestamp };
      anchors.set(rtp.ssrc, anchor);
      position = arrival;
    }
    runs.push({ position, payload: rtp.payload, table });
  }
  return runs;
}

const clamp = (sample) => Math.max(-32768, Math.min(32767, sample));

/** The parts of an RTP packet (RFC 3550 §5.1), or null. */
function readRtp(packet) {
  if (packet.length < 12 || packet[0] >> 6 !== 2) return null;
  let at = 12 + 4 * (packet[0] & 15);
  if (packet[0] & 0x10) at += 4 + 4 * (packet.length >= at + 4 ? u16(packet, at + 2) : packet.length);
  const padding = packet[0] & 0x20 ? packet[packet.length - 1] : 0;
  return at > packet.length - padding ? null : {
    type: packet[1] & 0x7f,
    timestamp: u32(packet, 4),
    ssrc: u32(packet, 8),
    payload: packet.subarray(at, packet.length - padding),
  };
}

/** Stereo samples as a WAV file. */
export function wavOf([left, right]) {
  const pcm = new Int16Array(left.length * 2);
  for (let i = 0; i < left.length; i++) {
    pcm[2 * i] = left[i];
    pcm[2 * i + 1] = right[i];
  }
  const data = new Uint8Array(pcm.buffer);
  return concat(
    utf8('RIFF'), littleEndian(36 + data.length, 4), utf8('WAVEfmt '), littleEndian(16, 4), littleEndian(1, 2),
    littleEndian(2, 2), littleEndian(sampleRate, 4), littleEndian(4 * sampleRate, 4), littleEndian(4, 2),
    littleEndian(16, 2), utf8('data'), littleEndian(data.length, 4), data);
}
