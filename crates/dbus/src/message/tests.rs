use super::*;

/// `Hello`, laid out by hand after the specification; dbus-daemon 1.14 takes it.
const HELLO: &[u8] = b"l\x01\0\x01\0\0\0\0\x01\0\0\0m\0\0\0\
    \x01\x01o\0\x15\0\0\0/org/freedesktop/DBus\0\0\0\
    \x02\x01s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0\
    \x03\x01s\0\x05\0\0\0Hello\0\0\0\
    \x06\x01s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0";

/// The answer of dbus-daemon 1.14 to it, as it came.
const WELCOME: &[u8] = b"l\x02\x01\x01\x09\0\0\0\x01\0\0\0=\0\0\0\
    \x06\x01s\0\x04\0\0\0:1.0\0\0\0\0\
    \x05\x01u\0\x01\0\0\0\
    \x08\x01g\0\x01s\0\0\
    \x07\x01s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0\
    \x04\0\0\0:1.0\0";

fn call<'c>(member: &'c str, arguments: &'c [Value]) -> Call<'c> {
    let bus = "org.freedesktop.DBus";
    Call { destination: bus, path: "/org/freedesktop/DBus", interface: bus, member, arguments }
}

#[test]
#[cfg(target_endian = "little")]
fn a_call_is_made_of_the_known_bytes() {
    assert_eq!(call("Hello", &[]).encode(1), HELLO);
}

#[test]
fn an_answer_is_read() {
    let expected = Message { kind: Kind::Reply { to: 1 }, body: vec![Value::str(":1.0")] };
    assert_eq!(Message::decode(WELCOME), Ok(expected));
}

#[test]
fn a_message_tells_its_length_early() {
    assert_eq!(Message::length(&WELCOME[..16]), Ok(Some(WELCOME.len())));
    assert_eq!(Message::length(&WELCOME[..15]), Ok(None));
}

#[test]
fn a_signal_is_known_by_its_member() {
    let mut signal = call("JobRemoved", &[Value::U32(7), Value::str("done")]).encode(3);
    signal[1] = SIGNAL;
    let message = Message::decode(&signal).unwrap();
    let kind = Kind::Signal { interface: "org.freedesktop.DBus".into(), member: "JobRemoved".into() };
    assert_eq!(message, Message { kind, body: vec![Value::U32(7), Value::str("done")] });
}

#[test]
fn the_arguments_survive_the_way() {
    let property = |name: &str, value| Value::Struct(vec![Value::str(name), Value::variant(value)]);
    let properties = vec![
        property("PIDs", Value::Array("u".into(), vec![Value::U32(4711)])),
        property("MemoryMax", Value::U64(1 << 20)),
        property("AllowedCPUs", Value::bytes(&[0b101])),
    ];
    let arguments = [
        Value::str("web.scope"),
        Value::str("replace"),
        Value::Array("(sv)".into(), properties),
        Value::Array("(sa(sv))".into(), Vec::new()),
    ];
    let message = Message::decode(&call("StartTransientUnit", &arguments).encode(1)).unwrap();
    assert_eq!(message.body, arguments);
}

#[test]
fn what_is_no_message_is_refused() {
    assert_eq!(Message::length(b"HTTP/1.1 400 Bad"), Err(Error::Malformed));
    let mut endless = WELCOME.to_vec();
    endless[4..8].fill(0xff);
    assert_eq!(Message::length(&endless), Err(Error::Malformed));
}

#[test]
fn a_message_cut_anywhere_is_refused_or_read_without_panic() {
    for end in 0..WELCOME.len() {
        assert!(Message::decode(&WELCOME[..end]).is_err(), "{end}");
    }
}
