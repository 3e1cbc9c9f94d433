//! The tables against oci-spec: what the one promises the other must hold.

use oci_spec::runtime::Spec;

use super::*;

/// A value with every field set; `turn` picks names and ends of ranges.
fn filled(shape: &Shape, turn: usize) -> Value {
    match shape {
        Shape::Bool => Value::from(turn.is_multiple_of(2)),
        Shape::Text => Value::from("text"),
        Shape::AnyText => Value::from("text\0"),
        Shape::Int(min, max) => Value::from(if turn.is_multiple_of(2) { *min } else { *max }),
        Shape::Uint(max) => Value::from(if turn.is_multiple_of(2) { 0 } else { *max }),
        Shape::Limit => Value::from(i64::MAX),
        Shape::Name(names) => Value::from(names[turn % names.len()]),
        Shape::Renamed(names) => Value::from(names[turn % names.len()].0),
        Shape::Capabilities => Value::from(vec![CAPABILITIES[turn % CAPABILITIES.len()]]),
        Shape::NumberList => Value::from("0-3,7"),
        Shape::List(element) => Value::from(vec![filled(element, turn), filled(element, turn + 1)]),
        Shape::Map(element) => {
            Value::Object([("key".to_owned(), filled(element, turn))].into_iter().collect())
        }
        Shape::Object(fields) => {
            fields.iter().map(|field| (field.name.to_owned(), filled(&field.shape, turn))).collect()
        }
    }
}

/// More turns than the longest list of names.
const TURNS: std::ops::Range<usize> = 0..50;

#[test]
fn what_a_shape_allows_is_not_mended() {
    for turn in TURNS {
        let mut value = filled(&tables::CONFIG, turn);
        let mended = mend(&mut value, &tables::CONFIG);
        assert_eq!((mended.problems, mended.warnings), (vec![], vec![]));
    }
}

#[test]
fn what_a_shape_allows_has_a_type_for_every_field() {
    for turn in TURNS {
        let mut value = filled(&tables::CONFIG, turn);
        mend(&mut value, &tables::CONFIG);
        let spec: Spec =
            serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"));
        assert_eq!(serde_json::to_value(spec).expect("JSON"), value);
    }
}

#[test]
fn a_neutral_value_has_its_shape() {
    let mut value = tables::CONFIG.neutral();
    assert_eq!(mend(&mut value, &tables::CONFIG).problems, []);
}

#[test]
fn a_neutral_value_has_its_type() {
    assert!(serde_json::from_value::<Spec>(tables::CONFIG.neutral()).is_ok());
}

#[test]
fn mending_is_done_after_one_walk() {
    let mut value =
        serde_json::json!({"process": {"args": [1, null], "user": [], "rlimits": [{}, 7]}, "linux": 9});
    assert!(!mend(&mut value, &tables::CONFIG).problems.is_empty());
    assert_eq!(mend(&mut value, &tables::CONFIG).problems, []);
}
