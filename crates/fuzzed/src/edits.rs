//! Bytes as a list of faults that are put into a config.

use serde_json::{Value, json};

/// The configs that faults are put into: an engine's, one that has some, and the defaults, root's and an ordinary user's.
pub fn bases() -> [String; 4] {
    [
        include_str!("../corpus/engine.json").into(),
        include_str!("../corpus/broken.json").into(),
        bundle::default::spec(None).get().into(),
        bundle::default::spec(Some((1000, 1000))).get().into(),
    ]
}

/// The config without faults that mounts and profiles are tried in.
pub(crate) fn base() -> Value {
    serde_json::from_str(bundle::default::spec(None).get()).expect("the default config is JSON")
}

/// A config with faults: the first byte says which config, and then a fault has four bytes, the last of which may be followed
/// by a string.
pub(crate) fn faulty(bytes: &[u8]) -> Value {
    let (which, mut rest) = bytes.split_first().unwrap_or((&0, &[]));
    let base = &bases()[usize::from(*which) % 4];
    let mut config = serde_json::from_str(base).expect("every base is JSON");
    while let [high, low, how, which, tail @ ..] = rest {
        let place = u16::from_be_bytes([*high, *low]);
        let (value, tail) = value(*which, tail);
        edit(&mut config, usize::from(place), *how, value);
        rest = tail;
    }
    config
}

/// Something to put in a place: from a list, or a string of its own, its length first.
fn value(which: u8, tail: &[u8]) -> (Value, &[u8]) {
    let values = surprises();
    match (values.get(usize::from(which)), tail.split_first()) {
        (Some(value), _) => (value.clone(), tail),
        (None, Some((length, tail))) => {
            let (text, tail) = tail.split_at(usize::from(*length).min(tail.len()));
            (Value::from(String::from_utf8_lossy(text)), tail)
        }
        (None, None) => (Value::Null, tail),
    }
}

fn surprises() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(u32::MAX),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!(""),
        json!("/"),
        json!(".."),
        json!("a\u{0}b"),
        json!("é\n~/"),
        json!("x".repeat(5000)),
        json!([]),
        json!([null]),
        json!([[], {}, "x", 7]),
        json!({}),
        json!({"": ""}),
        json!({"type": "pid", "path": "/x", "size": 1, "a/b~c": {}}),
        json!({"type": "user"}),
        json!({"type": "time", "path": "/proc/1/ns/time"}),
        json!([{"containerID": 0, "hostID": 0, "size": u32::MAX}]),
    ]
}

/// Removes, doubles or replaces what is at a place, or adds a neighbour to it.
fn edit(config: &mut Value, place: usize, how: u8, value: Value) {
    let mut places = Vec::new();
    collect(config, String::new(), &mut places);
    let place = &places[place % places.len()];
    let (outer, key) = place.rsplit_once('/').unwrap_or(("", place));
    match (how % 4, config.pointer_mut(outer)) {
        (0, Some(Value::Object(map))) => drop(map.remove(key)),
        (1, Some(Value::Array(list))) => list.extend(list.first().cloned()),
        (2, Some(Value::Array(list))) => list.push(value),
        _ => *config.pointer_mut(place).expect("a place that was found") = value,
    }
}

/// Every place in a value, as a JSON pointer.
fn collect(value: &Value, here: String, places: &mut Vec<String>) {
    match value {
        Value::Array(list) => {
            list.iter()
                .enumerate()
                .for_each(|(index, value)| collect(value, format!("{here}/{index}"), places));
        }
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let key = key.replace('~', "~0").replace('/', "~1");
            collect(value, format!("{here}/{key}"), places);
        }),
        _ => {}
    }
    places.push(here);
}
