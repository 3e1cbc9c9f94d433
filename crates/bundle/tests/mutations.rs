//! Configs with faults by the thousand: whatever stands in config.json, loading neither panics nor talks nonsense.

use bundle::config::{Config, LoadError};
use serde_json::{Value, json};

const CORPUS: &[&str] = &[include_str!("corpus/engine.json"), include_str!("corpus/broken.json")];

/// A small generator (xorshift64*), seeded the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides
    }
}

fn corpus() -> Vec<String> {
    let rootless = bundle::default::spec(Some((1000, 1000))).get().to_owned();
    let default = bundle::default::spec(None).get().to_owned();
    CORPUS.iter().map(|text| (*text).to_owned()).chain([default, rootless]).collect()
}

/// Every place in a value, as a JSON pointer.
fn places(value: &Value, here: String, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Array(list) => {
            list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        _ => Vec::new(),
    };
    for (step, value) in inner {
        places(value, format!("{here}/{step}"), found);
    }
    found.push(here);
}

/// Something that does not belong wherever it is put.
fn surprise(dice: &mut Dice) -> Value {
    let choices = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!(""),
        json!("/"),
        json!("a\u{0}b"),
        json!("é\n~/"),
        json!("x".repeat(300)),
        json!([]),
        json!([null]),
        json!([[], {}, "x", 7]),
        json!({}),
        json!({"": ""}),
        json!({"type": "pid", "path": "/x", "size": 1, "a/b~c": {}}),
    ];
    choices[dice.roll(choices.len())].clone()
}

/// Changes, removes or doubles one place.
fn mutate(config: &mut Value, dice: &mut Dice) {
    let mut found = Vec::new();
    places(config, String::new(), &mut found);
    let place = &found[dice.roll(found.len())];
    match (dice.roll(4), place.rsplit_once('/')) {
        (0, Some((outer, key))) => match config.pointer_mut(outer) {
            Some(Value::Object(map)) => drop(map.remove(key)),
            Some(Value::Array(list)) => drop(key.parse().map(|index: usize| list.remove(index))),
            _ => {}
        },
        (1, Some((outer, key))) => {
            if let Some(Value::Array(list)) = config.pointer_mut(outer) {
                let twin = key.parse().map(|index: usize| list[index].clone());
                list.extend(twin);
            }
        }
        _ => *config.pointer_mut(place).expect("a place that was found") = surprise(dice),
    }
}

/// Whether a pointer leads to something, or to something missing in an object.
fn is_place(config: &Value, pointer: &str) -> bool {
    let mut around = pointer;
    while config.pointer(around).is_none() {
        around = around.rsplit_once('/').map_or("", |(outer, _)| outer);
    }
    around == pointer || config.pointer(around).is_some_and(|value| value.is_object() || value.is_null())
}

#[track_caller]
fn examine(text: String) {
    let config: Result<Value, _> = serde_json::from_str(&text);
    match (Config::parse(text.clone().into_bytes()), config) {
        (Ok(loaded), _) => assert_eq!(loaded.text, text.as_bytes()),
        (Err(LoadError::Syntax { .. }), config) => assert!(config.is_err(), "{text}"),
        (Err(error @ LoadError::Problems { .. }), Ok(config)) => sensible(&error, &config, &text),
        (Err(error), _) => panic!("{error}: {text}"),
    }
}

fn sensible(error: &LoadError, config: &Value, text: &str) {
    let LoadError::Problems { problems, .. } = error else { return };
    assert!(!problems.is_empty(), "{text}");
    let lines = if problems.len() == 1 { 1 } else { problems.len() + 1 };
    assert_eq!(error.to_string().lines().count(), lines, "{error}");
    for problem in problems {
        assert!(is_place(config, &problem.pointer), "{problem}: {text}");
        assert!(
            !problem.allowed.contains("runtime-spec"),
            "the shape and oci-spec differ: {problem}: {text}"
        );
    }
}

#[test]
fn the_corpus_is_what_it_says() {
    assert!(Config::parse(CORPUS[0].into()).is_ok());
    assert!(Config::parse(CORPUS[1].into()).is_err());
}

#[test]
fn values_in_wrong_places_are_reported() {
    let mut dice = Dice(0x0C1);
    for base in corpus() {
        let base: Value = serde_json::from_str(&base).expect("JSON");
        for _ in 0..600 {
            let mut config = base.clone();
            for _ in 0..=dice.roll(6) {
                mutate(&mut config, &mut dice);
            }
            examine(config.to_string());
        }
    }
}

/// Bytes that mean something to a JSON parser, or nothing at all.
const NOISE: &[u8] = b"\"\\{}[],:0-9eu\x00\x7f\xff";

#[test]
fn broken_text_is_reported() {
    let mut dice = Dice(0xB10B);
    for base in corpus() {
        for _ in 0..600 {
            let mut bytes = base.clone().into_bytes();
            for _ in 0..=dice.roll(3) {
                let at = dice.roll(bytes.len());
                bytes[at] = NOISE[dice.roll(NOISE.len())];
            }
            drop(Config::parse(bytes).map_err(|error| error.to_string()));
        }
    }
}

#[test]
fn a_cut_config_is_broken_json() {
    for base in corpus() {
        for end in (0..base.trim_end().len()).step_by(11) {
            let Some(text) = base.get(..end) else { continue };
            let error = Config::parse(text.into()).expect_err("cut");
            assert!(matches!(error, LoadError::Syntax { .. }), "{error}: {text}");
        }
    }
}
