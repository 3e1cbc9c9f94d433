//! Configs with faults by the thousand, the same in every run: whatever stands in config.json, loading neither panics nor
//! talks nonsense.

use bundle::config::{Config, LoadError};
use fuzzed::{Dice, bases};

#[test]
fn values_in_wrong_places_are_reported() {
    let mut dice = Dice(0x0C1);
    for _ in 0..2400 {
        let faults: Vec<u8> = (0..=4 * (1 + dice.roll(6))).map(|_| dice.roll(256) as u8).collect();
        fuzzed::edits(&faults);
    }
}

/// Bytes that mean something to a JSON parser, or nothing at all.
const NOISE: &[u8] = b"\"\\{}[],:0-9eu\x00\x7f\xff";

#[test]
fn broken_text_is_reported() {
    let mut dice = Dice(0xB10B);
    for base in bases() {
        for _ in 0..600 {
            let mut bytes = base.clone().into_bytes();
            for _ in 0..=dice.roll(3) {
                let at = dice.roll(bytes.len());
                bytes[at] = NOISE[dice.roll(NOISE.len())];
            }
            fuzzed::config(&bytes);
        }
    }
}

#[test]
fn a_cut_config_is_broken_json() {
    for base in bases() {
        for end in (0..base.trim_end().len()).step_by(11) {
            let Some(text) = base.get(..end) else { continue };
            let error = Config::parse(text.into()).expect_err("cut");
            assert!(matches!(error, LoadError::Syntax { .. }), "{error}: {text}");
        }
    }
}

#[test]
fn an_engines_config_is_right() {
    let [engine, broken, ..] = bases();
    assert!(Config::parse(engine.into()).is_ok());
    assert!(Config::parse(broken.into()).is_err());
}
