//! Protocol Buffers' wire format, as far as OTLP has it: read without knowing what wrote it.

/// One field's value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// A varint, or eight or four bytes.
    Number(u64),
    /// Text, bytes or a message.
    Bytes(&'a [u8]),
}

/// A message's fields, in order.
pub(crate) fn fields(mut bytes: &[u8]) -> Vec<(u64, Value<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let value = match key & 7 {
            0 => Value::Number(varint(&mut bytes)),
            1 => Value::Number(u64::from_le_bytes(take(&mut bytes, 8).try_into().expect("eight"))),
            2 => {
                let length = varint(&mut bytes) as usize;
                Value::Bytes(take(&mut bytes, length))
            }
            5 => {
                let four = take(&mut bytes, 4).try_into().expect("four");
                Value::Number(u64::from(u32::from_le_bytes(four)))
            }
            other => panic!("no wire type of today: {other}"),
        };
        fields.push((key >> 3, value));
    }
    fields
}

/// The messages or texts of a field that may be there several times.
pub(crate) fn all(message: &[u8], number: u64) -> Vec<&[u8]> {
    let of_number = fields(message).into_iter().filter(|(field, _)| *field == number);
    of_number
        .map(|(_, value)| match value {
            Value::Bytes(bytes) => bytes,
            Value::Number(other) => panic!("field {number} is the number {other}"),
        })
        .collect()
}

/// The message or text of a field; empty where it is not there.
pub(crate) fn one(message: &[u8], number: u64) -> &[u8] {
    all(message, number).last().copied().unwrap_or_default()
}

/// The number of a field; 0 where it is not there.
pub(crate) fn number(message: &[u8], number: u64) -> u64 {
    let found = fields(message).into_iter().rfind(|(field, _)| *field == number);
    match found {
        Some((_, Value::Number(found))) => found,
        Some((_, Value::Bytes(bytes))) => panic!("field {number} is {bytes:?}"),
        None => 0,
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return number;
        }
    }
    panic!("a number of more than ten bytes");
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at_checked(count).expect("a message that is whole");
    *bytes = rest;
    taken
}
