// Exact fractions [above, below] with below > 0; whole numbers may stand as they are.
const lifted = (x) => (typeof x === "bigint" ? [x, 1n] : x);

function sum(...summands) {
  return summands.map(lifted).reduce(([a, b], [c, d]) => {
    if (b === d) return [a + c, b];
    if (d % b === 0n) return [a * (d / b) + c, d];
    if (b % d === 0n) return [a + c * (b / d), b];
    return [a * d + c * b, b * d];
  });
}

function minus(x, y) {
  return sum(x, times(-1n, y));
}

function times(...factors) {
  return factors.map(lifted).reduce(([a, b], [c, d]) => [a * c, b * d]);
}

function over(x, y) {
  const [a, b] = lifted(x);
  const [c, d] = lifted(y);
  if (c === 0n) throw new RangeError("division by zero");
  return c > 0n ? [a * d, b * c] : [-a * d, -b * c];
}

// Many coefficients raise the same size to the same power.
const raised = new WeakMap();

function power(base, exponent) {
  const [count, one] = lifted(exponent);
  if (count % one !== 0n) throw new RangeError("an exponent is not whole");
  const turns = count / one;
  if (typeof base === "bigint" && turns >= 0n) return base ** turns;
  const fraction = lifted(base);
  const known = raised.get(fraction) || new Map();
  raised.set(fraction, known);
  if (!known.has(turns)) {
    const [a, b] = turns < 0n ? over(1n, fraction) : fraction;
    const times = turns < 0n ? -turns : turns;
    known.set(turns, [a ** times, b ** times]);
  }
  return known.get(turns);
}

// The floating-point number next to it: the quotient to 64 bits, then rounded.
function nearest(x) {
  const [a, b] = lifted(x);
  const bits = (n) => 4 * n.toString(16).length;
  const shift = bits(b) - bits(a) + 68;
  const whole = shift > 0 ? (a << BigInt(shift)) / b : a / (b << BigInt(-shift));
  return Number(whole) * 2 ** -shift;
}

// A decimal such as 0.95 or 1e-3 as a fraction, null if the text is none.
function decimal(text) {
  const found = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,2}))?$/.exec(text.trim());
  if (!found || !(found[2] + found[3])) return null;
  const digits = BigInt(found[1] + found[2] + found[3] || "0");
  const places = found[3].length - Number(found[4] || 0);
  return places > 0 ? [digits, 10n ** BigInt(places)] : [digits * 10n ** BigInt(-places), 1n];
}
