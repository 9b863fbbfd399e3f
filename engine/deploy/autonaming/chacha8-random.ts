/**
 * The ChaCha8Rand generator (https://c2sp.org/chacha8rand), which Pulumi draws automatic names from: names out of one plan are the same
 * under both engines only if the stream is. Not for anything that has to be secret.
 */
export class ChaCha8Random {
  #seed: Uint32Array;
  #words: Uint32Array;
  #counter = 0;
  /** In 64-bit values. */
  #position = 0;
  #end = valuesPerBlock;
  /** Bytes of the last value that `nextBytes` took and did not need. */
  #left = Buffer.alloc(0);

  /** 32 bytes. */
  constructor(seed: Uint8Array) {
    if (seed.length !== 32) throw new RangeError(`a seed has 32 bytes, not ${seed.length}`);
    const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
    this.#seed = Uint32Array.from({ length: 8 }, (_, index) => view.getUint32(4 * index, true));
    this.#words = blocks(this.#seed, 0);
  }

  nextValue(): bigint {
    if (this.#position === this.#end) this.#refill();
    const at = 2 * this.#position;
    this.#position += 1;
    return BigInt(this.#words[at]!) | (BigInt(this.#words[at + 1]!) << 32n);
  }

  /** What was left of the last value comes first, as Go's `ChaCha8.Read` has it. */
  nextBytes(count: number): Buffer {
    const parts = [this.#left];
    let have = this.#left.length;
    for (; have < count; have += 8) {
      const value = Buffer.alloc(8);
      value.writeBigUInt64LE(this.nextValue());
      parts.push(value);
    }
    const all = Buffer.concat(parts);
    this.#left = all.subarray(count);
    return all.subarray(0, count);
  }

  /** Evenly among 0 to `limit` - 1. */
  nextBelow(limit: number): number {
    const size = BigInt(limit);
    const largest = 2n ** 64n - 1n;
    for (;;) {
      const value = this.nextValue();
      // Beyond the last whole multiple, low numbers would come up more often.
      if (value < largest - (largest % size)) return Number(value % size);
    }
  }

  #refill(): void {
    this.#counter += 4;
    if (this.#counter === 16) {
      // The values that were held back are the next key.
      this.#seed = this.#words.slice(-8);
      this.#counter = 0;
    }
    this.#words = blocks(this.#seed, this.#counter);
    this.#position = 0;
    this.#end = this.#counter === 12 ? valuesPerBlock - 4 : valuesPerBlock;
  }
}

/** Four ChaCha blocks of 64 bytes. */
const valuesPerBlock = 32;
const constants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;
const columnsAndDiagonals = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

/** Four blocks, interleaved word by word. Only the key is added to the end of the rounds. */
function blocks(seed: Uint32Array, counter: number): Uint32Array {
  const result = new Uint32Array(64);
  for (let block = 0; block < 4; block += 1) {
    const state = Uint32Array.from([...constants, ...seed, counter + block, 0, 0, 0]);
    for (let doubleRound = 0; doubleRound < 4; doubleRound += 1) {
      for (const [a, b, c, d] of columnsAndDiagonals) quarterRound(state, [a, b, c, d]);
    }
    for (let word = 0; word < 16; word += 1) {
      const key = word >= 4 && word < 12 ? seed[word - 4]! : 0;
      result[4 * word + block] = state[word]! + key;
    }
  }
  return result;
}

function quarterRound(state: Uint32Array, [a, b, c, d]: readonly [number, number, number, number]): void {
  const mix = (sum: number, addend: number, [turned, by]: readonly [number, number]): void => {
    state[sum]! += state[addend]!;
    const value = state[turned]! ^ state[sum]!;
    state[turned] = (value << by) | (value >>> (32 - by));
  };
  mix(a, b, [d, 16]);
  mix(c, d, [b, 12]);
  mix(a, b, [d, 8]);
  mix(c, d, [b, 7]);
}
