// Named maxima of everything that is read. What is over one of them is refused by that limit's name.

export const limits = {
  bundleBytes: 2 ** 32 - 1,
  members: 10_000,
  nameLength: 255,
  jsonBytes: 16 << 20,
  jsonDepth: 64,
  jsonValues: 1_000_000,
  noteBytes: 8 << 20,
  signatures: 16,
  chunkBytes: 16 << 10,
  streams: 1_024,
  ssrcsPerStream: 1_024,
  failuresPerCheck: 100,
  textLength: 300,
  trustLine: 512,
  trustLength: 64 << 10,
  witnesses: 16,
  timestampBytes: 256 << 10,
  lastSecond: 253_402_300_799n,
  proofHashes: 63,
};
