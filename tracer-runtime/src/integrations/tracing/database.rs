//! The names that calls to databases have by the semantic conventions, for those that older versions of them gave.
//!
//! <https://opentelemetry.io/docs/specs/semconv/database/database-spans/>

use tracing_core::Metadata;

use crate::value::{KeyValue, Value};

/// Old name, stable name.
const NAMES: [(&str, &str); 15] = [
    ("db.statement", "db.query.text"),
    ("db.sql", "db.query.text"),
    ("db.operation", "db.operation.name"),
    ("db.system", "db.system.name"),
    ("db.name", "db.namespace"),
    ("db.redis.database_index", "db.namespace"),
    ("db.sql.table", "db.collection.name"),
    ("db.mongodb.collection", "db.collection.name"),
    ("db.cassandra.table", "db.collection.name"),
    ("db.response.rows", "db.response.returned_rows"),
    ("rows_returned", "db.response.returned_rows"),
    ("net.peer.name", "server.address"),
    ("net.peer.port", "server.port"),
    ("summary", "db.query.summary"),
    ("peer.address", "network.peer.address"),
];

/// Old value of `db.system`, stable value of `db.system.name`.
const SYSTEMS: [(&str, &str); 3] = [
    ("mssql", "microsoft.sql_server"),
    ("oracle", "oracle.db"),
    ("dynamodb", "aws.dynamodb"),
];

/// Whether a callsite is that of a call to a database: by a field `db.*`, or as `sqlx` logs its queries.
pub(super) fn is_call(metadata: &Metadata<'_>) -> bool {
    let says_so = |name: &str| name.starts_with("db.");
    metadata.target() == "sqlx::query" || metadata.fields().iter().any(|f| says_so(f.name()))
}

/// The name by the conventions.
pub(super) fn name(field: &'static str) -> &'static str {
    let known = NAMES.iter().find(|(old, _)| *old == field);
    known.map_or(field, |(_, stable)| stable)
}

/// The value by the conventions, of an attribute with this name.
pub(super) fn value(name: &str, value: Value) -> Value {
    match &value {
        // `sqlx` sets it off by lines.
        Value::Str(query) if name == "db.query.text" => Value::from(query.trim().to_owned()),
        Value::Str(system) if name == "db.system.name" => {
            let known = SYSTEMS.iter().find(|(old, _)| old == system);
            known.map_or(value, |(_, stable)| Value::Str((*stable).into()))
        }
        // A number in the registry's old form; a namespace is a string.
        Value::I64(index) if name == "db.namespace" => Value::from(index.to_string()),
        _ => value,
    }
}

/// A query that is short enough to be its own summary has no text in what `sqlx` says.
pub(super) fn complete(attributes: &mut [KeyValue]) {
    let place = |key: &str| attributes.iter().position(|a| a.key == key);
    let (Some(text), Some(summary)) = (place("db.query.text"), place("db.query.summary")) else {
        return;
    };
    if attributes[text].value == Value::from("") {
        attributes[text].value = attributes[summary].value.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_and_values_become_those_of_the_conventions() {
        assert_eq!(name("db.statement"), "db.query.text");
        assert_eq!(name("db.query.text"), "db.query.text");
        assert_eq!(name("id"), "id");
        let renamed = |key, text: &'static str| value(key, Value::from(text));
        assert_eq!(
            renamed("db.system.name", "mssql"),
            Value::from("microsoft.sql_server")
        );
        assert_eq!(renamed("db.system.name", "redis"), Value::from("redis"));
        assert_eq!(renamed("db.query.text", "mssql"), Value::from("mssql"));
        assert_eq!(
            renamed("db.query.text", "\n\nSELECT 1\n"),
            Value::from("SELECT 1")
        );
        assert_eq!(value("db.namespace", Value::from(3)), Value::from("3"));
    }
}
