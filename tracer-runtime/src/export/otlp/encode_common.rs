//! What the messages of spans and of metrics share: attributes, resource, scope and the envelope around the items.

use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyKind;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue as ProtoKeyValue,
};
use opentelemetry_proto::tonic::resource::v1::Resource as ProtoResource;
use prost::Message;
use prost::bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

use crate::export::limits::Limits;
use crate::export::resource::Resource;
use crate::value::{KeyValue, Value};

pub(super) fn any(value: AnyKind) -> AnyValue {
    AnyValue { value: Some(value) }
}

pub(super) fn text(value: &str) -> AnyValue {
    any(AnyKind::StringValue(value.to_owned()))
}

pub(super) fn texts<'a>(values: impl Iterator<Item = &'a str>) -> AnyValue {
    AnyValue {
        value: Some(AnyKind::ArrayValue(ArrayValue {
            values: values.map(text).collect(),
        })),
    }
}

pub(super) fn key_value(key: &str, value: AnyValue) -> ProtoKeyValue {
    ProtoKeyValue {
        key: key.to_owned(),
        value: Some(value),
        ..Default::default()
    }
}

/// One attribute of ours as it travels.
pub(super) fn attribute(attribute: &KeyValue, limits: &Limits) -> ProtoKeyValue {
    key_value(&attribute.key, any_value(&attribute.value, limits))
}

fn any_value(value: &Value, limits: &Limits) -> AnyValue {
    any(match value {
        Value::Bool(x) => AnyKind::BoolValue(*x),
        Value::I64(x) => AnyKind::IntValue(*x),
        Value::F64(x) => AnyKind::DoubleValue(*x),
        Value::Str(x) => AnyKind::StringValue(limits.cut(x).to_owned()),
        Value::Array(values) => AnyKind::ArrayValue(ArrayValue {
            values: values
                .iter()
                .map(|value| any_value(value, limits))
                .collect(),
        }),
    })
}

/// The bytes around the items of a request.
///
/// `ExportTraceServiceRequest` and `ExportMetricsServiceRequest` have one shape: the request holds groups (1), a group
/// a resource (1) and scope groups (2), a scope group a scope (1) and the items (2). Items are encoded one by one as
/// they come, so that their size is known exactly and a retry sends the same bytes again.
#[derive(Debug)]
pub(super) struct Envelope {
    /// Field 1 of a group.
    resource: Vec<u8>,
    /// Field 1 of a scope group.
    scope: Vec<u8>,
}

const GROUP: u32 = 1;
const SCOPE_GROUP: u32 = 2;
const ITEM: u32 = 2;

impl Envelope {
    pub(super) fn new(resource: &Resource) -> Self {
        let resource = ProtoResource {
            attributes: resource
                .attributes()
                .iter()
                .map(|a| attribute(a, &Limits::default()))
                .collect(),
            ..Default::default()
        };
        let scope = InstrumentationScope {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Default::default()
        };
        Self {
            resource: field(1, &resource.encode_to_vec()),
            scope: field(1, &scope.encode_to_vec()),
        }
    }

    /// The size of the request around items of this size.
    pub(super) fn wrapped_len(&self, items: usize) -> usize {
        let scope_group = self.scope.len() + items;
        let group = self.resource.len() + field_len(scope_group);
        field_len(group)
    }

    /// The request around these items, each of which was written with [`put_item`].
    pub(super) fn wrap(&self, items: &[u8]) -> Bytes {
        let scope_group = self.scope.len() + items.len();
        let group = self.resource.len() + field_len(scope_group);
        let mut request = Vec::with_capacity(field_len(group));
        put_header(GROUP, group, &mut request);
        request.extend_from_slice(&self.resource);
        put_header(SCOPE_GROUP, scope_group, &mut request);
        request.extend_from_slice(&self.scope);
        request.extend_from_slice(items);
        request.into()
    }
}

/// Writes an item that consists of two encoded parts of one message: fields of the second are added to the first.
pub(super) fn put_item(constant: &[u8], rest: &impl Message, out: &mut Vec<u8>) {
    put_header(ITEM, constant.len() + rest.encoded_len(), out);
    out.extend_from_slice(constant);
    // Fails for lack of room only, and a `Vec` grows.
    let _ = rest.encode(out);
}

fn put_header(tag: u32, len: usize, out: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(len as u64, out);
}

/// A length-delimited field whose number takes one byte.
fn field_len(content: usize) -> usize {
    1 + encoded_len_varint(content as u64) + content
}

fn field(tag: u32, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field_len(content.len()));
    put_header(tag, content.len(), &mut out);
    out.extend_from_slice(content);
    out
}
