// SPDX-License-Identifier: ISC
//! Powers of ten to 128 bits, by which most numbers go between binary and decimal without a long product
//! (after Lemire, 2021). What lies too near the middle between two results is left to exact arithmetic.

/// 10^(27 k) for k from -13 to 12: its first 128 bits.
const COARSE: [u128; 26] = [
    0x8049a4ac0c5811ae205b896d777d6278,
    0xcf42894a5dce35ea52064cac828675b9,
    0xa76c582338ed2621af2af2b80af6f24e,
    0x873e4f75e2224e685a7744a6e804a291,
    0xda7f5bf590966848af39a475506a899e,
    0xb080392cc4349decbd8d794d96aacfb3,
    0x8e938662882af53e547eb47b7282ee9c,
    0xe65829b3046b0afa0cb4a5a3112a5112,
    0xba121a4650e4ddeb92f34d62616ce413,
    0x964e858c91ba26553a6a07f8d510f86f,
    0xf2d56790ab41c2a2fae27299423fb9c3,
    0xc428d05aa4751e4caa97e14c3c26b886,
    0x9e74d1b791e07e48775ea264cf55347d,
    0x80000000000000000000000000000000,
    0xcecb8f27f4200f3a0000000000000000,
    0xa70c3c40a64e6c51999090b65f67d924,
    0x86f0ac99b4e8dafd69a028bb3ded71a3,
    0xda01ee641a708de9e80e6f4820cc9495,
    0xb01ae745b101e9e45ec05dcff72e7f8f,
    0x8e41ade9fbebc27d14588f13be847307,
    0xe5d3ef282a242e818f1668c8a86da5fa,
    0xb9a74a0637ce2ee16d953e2bd7173692,
    0x95f83d0a1fb69cd94abdaf101564f98e,
    0xf24a01a73cf2dccfbc633b39673c8cec,
    0xc3b8358109e84f070a862f80ec4700c8,
    0x9e19db92b4e31ba96c07a2c26a8346d1,
];

/// The first 128 bits of a product of two numbers whose first bit is set, and whether it has one bit less
/// than the sum of their lengths.
fn multiply(a: u128, b: u128) -> (u128, bool) {
    let (a1, a0, b1, b0) = (a >> 64, a & MASK, b >> 64, b & MASK);
    let middle = a1 * b0;
    let (middle, carry) = middle.overflowing_add(a0 * b1);
    let low = (a0 * b0) >> 64;
    let (middle, more) = middle.overflowing_add(low);
    let high = a1 * b1 + (middle >> 64) + (u128::from(carry || more) << 64);
    if high >> 127 == 0 {
        (high << 1, true)
    } else {
        (high, false)
    }
}

const MASK: u128 = (1 << 64) - 1;

/// 10^`power` for powers from -351 to 350, as a number of 128 bits whose first one is set, times 2^`.1`.
/// At most a few units of the last place too small.
fn power_of_ten(power: i32) -> Option<(u128, i32)> {
    let coarse = *COARSE.get(usize::try_from(power.div_euclid(27) + 13).ok()?)?;
    let fine = 10u128.pow(power.rem_euclid(27) as u32);
    // floor(power × log₂ 10), exact in this range.
    let exponent = ((power * 217_706) >> 16) - 127;
    Some((multiply(coarse, fine << fine.leading_zeros()).0, exponent))
}

/// How far a product may be off, in units of its last place: generous.
const DOUBT: u128 = 64;

/// `number` × 10^`power`, as 128 bits, the first one being set, times 2^`.1`; off by less than [`DOUBT`].
pub(crate) fn scaled(number: u64, power: i32) -> Option<(u128, i32)> {
    let zeros = number.leading_zeros();
    if zeros == 64 {
        return None;
    }
    let (ten, exponent) = power_of_ten(power)?;
    let number = u128::from(number << zeros);
    let product = number * (ten >> 64) + ((number * (ten & MASK)) >> 64);
    let short = product.leading_zeros();
    Some((
        product << short,
        exponent + 64 - zeros as i32 - short as i32,
    ))
}

/// Is the part of a product below the `cut`-th bit, 1 to 128, clearly above or below a half?
pub(crate) fn is_clear(product: u128, cut: u32, doubt: u128) -> bool {
    let rest = product << (128 - cut) >> (128 - cut);
    rest.abs_diff(1 << (cut - 1)) > doubt.max(DOUBT)
}

/// What digits are wanted of a number.
#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    /// So many, from the first one that is not zero.
    Significant(usize),
    /// So many after the point.
    Places(usize),
}

/// The decimal number next to `mantissa` × 2^`exponent`, ties to even: an integer and the power of ten that divides it.
/// None where it has too many digits or where it is not clear what is next.
pub(crate) fn digits(mantissa: u64, exponent: i32, wanted: Wanted) -> Option<(u64, i32)> {
    let bits = exponent + 63 - mantissa.leading_zeros() as i32;
    // The number's power of ten, or one less: bits × log₁₀ 2, by a factor that errs downwards. The least long double
    // has 16445 bits below one, whose product with the factor is more than 32 bits hold.
    let magnitude = if bits < 0 {
        (i64::from(bits) * 315_653) >> 20
    } else {
        (i64::from(bits) * 78_913) >> 18
    } as i32;
    let (mut places, most) = match wanted {
        Wanted::Significant(count @ 1..=17) => {
            (count as i32 - 1 - magnitude, Some(10u64.pow(count as u32)))
        }
        Wanted::Places(count) if count < 18 && magnitude + (count as i32) < 17 => {
            if magnitude + (count as i32) < -2 {
                // Less than a tenth of the last place.
                return Some((0, count as i32));
            }
            (count as i32, None)
        }
        _ => return None,
    };
    loop {
        let (product, shift) = scaled(mantissa, places)?;
        let cut = u32::try_from(-(shift + exponent))
            .ok()
            .filter(|cut| (65..136).contains(cut))?;
        let whole = product.checked_shr(cut).unwrap_or(0) as u64;
        if most.is_some_and(|most| whole >= most) {
            places -= 1;
            continue;
        }
        // 10^27 has 63 bits besides its factors of two, and the product all of the 128 it may have.
        if !(0..=27).contains(&places) {
            if cut > 128 || !is_clear(product, cut, 0) {
                return None;
            }
            return Some((whole + (product >> (cut - 1) & 1) as u64, places));
        }
        // Above 128 bits the product is less than a half.
        let up = cut <= 128 && {
            let rest = product << (128 - cut);
            const HALF: u128 = 1 << 127;
            rest > HALF || (rest == HALF && whole & 1 == 1)
        };
        return Some((whole + u64::from(up), places));
    }
}
